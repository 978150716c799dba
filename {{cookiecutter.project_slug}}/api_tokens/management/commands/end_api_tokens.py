"""``manage.py end_api_tokens``: ends the tokens of all accounts."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from api_tokens import store


class Command(BaseCommand):
    help = "Ends all API tokens, after a restore: the backup has those that were deleted since."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all", action="store_true", required=True, help="the tokens of all accounts"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        ended = store.delete_of_all_accounts()
        self.stdout.write(f"{ended} token{'' if ended == 1 else 's'} ended.")
