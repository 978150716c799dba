# compose.yaml describes the containers, compose.override.yaml the differences in development.
COMPOSE ?= docker compose

.PHONY: up down logs

up: ## Start everything in Docker (WEB_PORT=8001 MAILPIT_PORT=8026, if these are in use)
	@$(COMPOSE) up --build --detach --wait || { $(COMPOSE) logs --tail 20 migrate web; exit 1; }
	@$(COMPOSE) logs --no-log-prefix --tail 2 migrate
	@web=$$($(COMPOSE) port web 8000) && echo "Running at   http://localhost:$${web##*:}/"
	@mail=$$($(COMPOSE) port mailpit 8025 2>/dev/null) && echo "Mailbox      http://localhost:$${mail##*:}" || true

down: ## Stop the containers; the data stay
	@$(COMPOSE) down

logs: ## Show the logs of the containers (ARGS="worker")
	@$(COMPOSE) logs --follow $(ARGS)
