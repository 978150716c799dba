"""Static files: their names in production, and those that ``collectstatic`` has not collected."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):
    """Scripts, too, import each other by names with a digest: no browser mixes two releases."""

    support_js_module_import_aggregation = True


def not_collected() -> list[str]:
    """The project's own static files that are not in the manifest."""
    storage: Any = staticfiles_storage
    if not isinstance(storage, ManifestFilesMixin):
        return []
    folders = [Path(folder) for folder in settings.STATICFILES_DIRS]
    files = [(folder, path) for folder in folders for path in folder.rglob("*") if path.is_file()]
    names = sorted(path.relative_to(folder).as_posix() for folder, path in files)
    return [name for name in names if name not in storage.hashed_files]
