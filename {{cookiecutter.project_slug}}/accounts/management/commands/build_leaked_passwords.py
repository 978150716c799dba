"""``manage.py build_leaked_passwords``: makes the file of ``LEAKED_PASSWORDS_FILE``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services.passwords import bloom_filter
from accounts.services.passwords.bloom_filter import NoFilterError

DIGEST_BYTES = 20
EXPECTED = "expected a SHA-1 in hexadecimal digits, with a colon and a count."


class Command(BaseCommand):
    help = "Makes a compact file of a list of leaked passwords: one SHA-1 per line, as HIBP has it."
    # LEAKED_PASSWORDS_FILE may name the file that is to be made.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("list", type=Path, help="lines like 5BAA61E4…68FD8:1234")
        parser.add_argument("--output", type=Path, help="default: LEAKED_PASSWORDS_FILE")
        parser.add_argument(
            "--min-count", type=int, default=1, help="leave out passwords seen less often"
        )
        parser.add_argument(
            "--error-rate",
            type=_rate,
            default=0.001,
            help="the share of other passwords that are refused by mistake (0.001)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        output = options["output"] or Path(settings.LEAKED_PASSWORDS_FILE)
        if output == Path():
            raise CommandError("Name a file with --output, or set LEAKED_PASSWORDS_FILE.")
        try:
            count = bloom_filter.build(
                output,
                lambda: _digests(options["list"], options["min_count"]),
                error_rate=options["error_rate"],
            )
        except OSError as error:
            raise CommandError(str(error)) from None
        except NoFilterError:
            raise CommandError("The list has no passwords.") from None
        self.stdout.write(f"{output}: {count} passwords, {output.stat().st_size} bytes.")


def _digests(path: Path, min_count: int) -> Iterator[bytes]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            digest, _, count = line.partition(b":")
            try:
                if min_count == 1 or int(count) >= min_count:
                    yield _decode(digest)
            except ValueError:
                if line.strip():
                    raise CommandError(f"{path}, line {number}: {EXPECTED}") from None


def _decode(digest: bytes) -> bytes:
    decoded = bytes.fromhex(digest.decode("ascii"))
    if len(decoded) != DIGEST_BYTES:
        raise ValueError(digest)
    return decoded


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate < 1:
        raise ValueError(text)
    return rate
