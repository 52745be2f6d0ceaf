"""Every file that a template names is there: a style sheet that is missing spoils a page without a word."""

import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

TEMPLATES = Path(settings.BASE_DIR) / "templates"
NAMED = re.compile(r"""{%\s*static\s+["']([^"']+)["']""")


def test_what_the_templates_name_is_there() -> None:
    named = {(path, name) for path in TEMPLATES.rglob("*.html") for name in NAMED.findall(path.read_text())}
    assert len({name for _, name in named}) > 5
    assert [(path.name, name) for path, name in named if finders.find(name) is None] == []
