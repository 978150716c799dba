# What compose does is said in compose.yaml, and in compose.override.yaml for development.
COMPOSE ?= docker compose

.PHONY: up down logs

up: ## Start everything in Docker (WEB_PORT=8001 MAILPIT_PORT=8026, where these are taken)
	@$(COMPOSE) up --build --detach --wait || { $(COMPOSE) logs --tail 20 migrate web; exit 1; }
	@$(COMPOSE) logs --no-log-prefix --tail 2 migrate
	@web=$$($(COMPOSE) port web 8000) && echo "Running at   http://localhost:$${web##*:}/"
	@mail=$$($(COMPOSE) port mailpit 8025 2>/dev/null) && echo "Mailbox      http://localhost:$${mail##*:}" || true

down: ## Stop what runs in Docker; its data stay
	@$(COMPOSE) down

logs: ## Show what is said in Docker (ARGS="worker")
	@$(COMPOSE) logs --follow $(ARGS)
