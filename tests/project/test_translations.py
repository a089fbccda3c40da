"""Every text that a person reads can be translated: in templates, and in the code."""

import ast
import re
from collections.abc import Iterator, Set
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.template.base import Lexer, TokenType

TEMPLATES: Final = settings.BASE_DIR / "templates"

# What is the same in every language. Signs, digits and prices carry no letters and need no entry.
SAME_EVERYWHERE: Final = {
    "ShoppingPlace",
    "JSON",
    "API",
    # The shape of a number, not words.
    "+1 415 111 1111",
    "km",
}

READ_ATTRIBUTES: Final = {"alt", "title", "placeholder", "aria-label"}
READ_METAS: Final = {"description", "og:title", "og:description", "og:site_name", "og:image:alt"}
UNREAD_ELEMENTS: Final = {"script", "style", "code"}

# Stands where a tag or a variable stood: what it yields is not this template's own text.
YIELDED: Final = "\ufffc"

WORD: Final = re.compile(r"[^\W\d_]{2,}")


class ReadTexts(HTMLParser):
    """Collects what a browser shows or reads out of a page's own text."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.unread += tag in UNREAD_ELEMENTS
        self.texts += [value for name, value in given.items() if name in READ_ATTRIBUTES]
        if tag == "meta" and (given.get("name") or given.get("property")) in READ_METAS:
            self.texts.append(given.get("content", ""))
        if tag == "input" and given.get("type") in {"submit", "button", "reset"}:
            self.texts.append(given.get("value", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.unread -= tag in UNREAD_ELEMENTS

    def handle_endtag(self, tag: str) -> None:
        self.unread -= tag in UNREAD_ELEMENTS

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self.texts.append(data)


def without_translated(source: str) -> str:
    """*source* without tags, variables, translating blocks, and blocks of CSS classes."""
    kept, inside = [], ""
    for token in Lexer(source).tokenize():
        name, _, rest = token.contents.partition(" ")
        if token.token_type != TokenType.BLOCK:
            name = ""
        if inside:
            inside = "" if name == f"end{inside}" else inside
        elif name in {"blocktranslate", "comment"} or (name == "block" and rest.endswith("class")):
            inside = name
            kept.append(YIELDED)
        elif token.token_type == TokenType.TEXT:
            kept.append(token.contents)
        elif token.token_type != TokenType.COMMENT:
            kept.append(YIELDED)
    return "".join(kept)


def words_in(texts: list[str]) -> Iterator[str]:
    for text in texts:
        for piece in text.split(YIELDED):
            said = " ".join(piece.split())
            left = said
            for same in SAME_EVERYWHERE:
                left = re.sub(rf"(?<!\w){re.escape(same)}(?!\w)", "", left)
            if WORD.search(left):
                yield said


def untranslated_in_template(source: str) -> list[str]:
    parser = ReadTexts()
    parser.feed(without_translated(source))
    parser.close()
    return list(words_in(parser.texts))


def literals_in_tags(source: str) -> list[str]:
    """Words that a filter brings along, as ``{{ x|yesno:"Yes,No" }}`` does."""
    found = []
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.VAR:
            found += re.findall(r"\|(?:default|default_if_none|yesno):\"([^\"]+)\"", token.contents)
    return list(words_in(found))


def templates() -> list[Path]:
    return sorted(path for path in TEMPLATES.rglob("*") if path.suffix in {".html", ".svg"})


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_template_says_nothing_outside_a_translation(path):
    source = path.read_text()

    assert untranslated_in_template(source) + literals_in_tags(source) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<p>{% translate "Hello" %}</p>', []),
        ("{% blocktranslate %}Hello{% endblocktranslate %} you", ["you"]),
        ('<img alt="A chair">', ["A chair"]),
        ('<img alt="{{ title }}">', []),
        ('<a class="{% if x %}wide{% endif %}" href="/sell/">{{ n }} → 3</a>', []),
        ('<a aria-label="{% if x %}Wide{% endif %}"></a>', ["Wide"]),
        ("{% if x %}, sold{% endif %}", [", sold"]),
        ('<meta name="description" content="Sells">', ["Sells"]),
        ('<input type="submit" value="Find">', ["Find"]),
        ('<script type="application/json">{"ids": 1}</script>', []),
        ("{# A comment #}<code>MODE=x</code>", []),
        ("<title>ShoppingPlace</title>", []),
        ("{% block main_class %}wrap{% endblock %} Sold", ["Sold"]),
    ],
)
def test_untranslated_words_are_noticed(source, found):
    assert untranslated_in_template(source) == found


# The code

PRODUCT: Final = ("listings", "proxying", "shoppingplace")
MARKS: Final = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext"}
# The first text that each of these takes is read by a person.
SAYS: Final = {
    "ValidationError",
    "add_error",
    # Checks, which the set-up page shows; and what the API answers.
    "Error",
    "APIException",
    "AuthenticationFailed",
    "Conflict",
    "ParseError",
    "PermissionDenied",
}
# Of the admin: columns and actions.
SHOWS: Final = {"display", "action"}
READ_NAMES: Final = {"verbose_name", "verbose_name_plural", "default_detail", "search_help_text"}
MESSAGES: Final = {"debug", "info", "success", "warning", "error"}
READ_KEYWORDS: Final = {
    "help_text",
    "label",
    "empty_label",
    "error_messages",
    "verbose_name",
    "hint",
}

# English by nature: what commands print for whoever deploys the site, in logs and scripts; the
# API that the switchboard imitates word for word, with the admin and the models behind it;
# and ``help_text`` in the API's representations, which the OpenAPI document, written for
# programmers and compared as a file, takes as descriptions.
ENGLISH: Final = re.compile(
    r"proxying/switchboard/(?!phones/|templatetags/|apps|checks)|(proxying|listings)/management/"
)
DESCRIBES_THE_API: Final = re.compile(r"listings/api/(?!tokens)")


def name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def bare_words(node: ast.AST) -> Iterator[ast.AST]:
    """Texts under *node* that no marking function wraps. A dictionary's keys are not read."""
    match node:
        case ast.Constant(value=str(text)) if WORD.search(text):
            yield node
        # Whoever else is called answers for its own words.
        case ast.Call(func=ast.Attribute(attr="format", value=inner)):
            yield from bare_words(inner)
        case ast.Dict(values=parts) | ast.JoinedStr(values=parts):
            for part in parts:
                yield from bare_words(part)
        case ast.BinOp() | ast.IfExp() | ast.BoolOp() | ast.List() | ast.Tuple():
            for part in ast.iter_child_nodes(node):
                yield from bare_words(part)


def read_by_people(call: ast.Call, read: Set[str]) -> Iterator[ast.expr]:
    name = name_of(call.func)
    if name in SAYS:
        # add_error names the field first; ``code`` is for programs.
        yield from call.args[1:] if name == "add_error" else call.args[:1]
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "message")
    if (
        name in MESSAGES
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "messages"
    ):
        yield from call.args[1:2]
    yield from (keyword.value for keyword in call.keywords if keyword.arg in read)
    if name in SHOWS:
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "description")
    if name in MARKS and call.args and isinstance(call.args[0], ast.JoinedStr):
        # gettext cannot look up a text that is not there before the program runs.
        yield call.args[0]


def unwrapped(source: str, *, describes_the_api: bool = False) -> list[int]:
    """The lines on which a text for people is not marked for translation."""
    read = READ_KEYWORDS - {"help_text"} if describes_the_api else READ_KEYWORDS
    values: list[ast.expr] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call():
                values += read_by_people(node, read)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in READ_NAMES:
                values.append(value)
    return sorted({getattr(bare, "lineno", 0) for value in values for bare in bare_words(value)})


def modules() -> list[Path]:
    return sorted(
        path
        for package in PRODUCT
        for path in (settings.BASE_DIR / package).rglob("*.py")
        if "migrations" not in path.parts and "demo" not in path.parts
    )


def as_path(path: Path) -> str:
    return path.relative_to(settings.BASE_DIR).as_posix()


@pytest.mark.parametrize(
    "path", [path for path in modules() if not ENGLISH.match(as_path(path))], ids=as_path
)
def test_module_marks_what_it_says(path):
    describes_the_api = bool(DESCRIBES_THE_API.match(as_path(path)))

    assert unwrapped(path.read_text(), describes_the_api=describes_the_api) == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('messages.success(request, "Done")', [1]),
        ('messages.success(request, _("Done"))', []),
        ('messages.success(request, _("Done {}").format(name))', []),
        ('messages.success(request, "Done {}".format(name))', [1]),
        ('messages.success(request, f"Done {name}")', [1]),
        ("messages.success(request, WORDS[state])", []),
        ('raise ValidationError("Wrong")', [1]),
        ('raise ValidationError({"parent": "Wrong"})', [1]),
        ('raise ValidationError(_("Wrong"), code="wrong")', []),
        ('form.add_error("email", "Wrong")', [1]),
        ('forms.CharField(\n    label="Name",\n    help_text="As others see it")', [2, 3]),
        ('forms.CharField(label=_("Name"), error_messages={"required": _("Say it.")})', []),
        ('_(f"Hello {name}")', [1]),
        ('log.info("Done")', []),
        ('raise Conflict("Gone.")', [1]),
        ('@admin.display(description="seller")\ndef seller(self): ...', [1]),
        ('class Meta:\n    verbose_name = "seller"', [2]),
        ('models.ForeignKey(Seller, verbose_name="seller")', [1]),
    ],
)
def test_unmarked_words_are_noticed(source, lines):
    assert unwrapped(source) == lines
