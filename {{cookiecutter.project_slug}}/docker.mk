# What compose does is said in compose.yaml, and in compose.override.yaml for development.
COMPOSE ?= docker compose

.PHONY: up down logs

up: ## Start everything in Docker (WEB_PORT=8000 MAILPIT_PORT=8025)
	@$(COMPOSE) up --build --detach --wait
	@$(COMPOSE) logs --no-log-prefix --tail 2 migrate
	@echo "The project is running at http://$$($(COMPOSE) port web 8000)"

down: ## Stop what runs in Docker; its data stay
	@$(COMPOSE) down

logs: ## Show what is said in Docker (ARGS="worker")
	@$(COMPOSE) logs --follow $(ARGS)
