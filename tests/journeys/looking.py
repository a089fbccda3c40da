"""What is wrong with a page that is open: by axe's rules, by the eye's, and by the keyboard."""

import re
from collections.abc import Iterator
from typing import Any, Final

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page

PHONE, DESK = 390, 1280
_EVERY_RULE: Final[dict[str, Any]] = {}
# All that a scheme changes.
_COLOR_RULES: Final = {"runOnly": ["color-contrast", "link-in-text-block"]}
WAYS: Final = (
    (PHONE, "light", _EVERY_RULE),
    (DESK, "light", _EVERY_RULE),
    (DESK, "dark", _COLOR_RULES),
    (PHONE, "dark", _COLOR_RULES),
)
_AXE: Final = AXE_FILE_PATH.read_text(encoding="utf-8")
# Colours that fade, as those of Django's admin do, are read once they are there.
_RUN_AXE: Final = """async (rules) => {
    await Promise.allSettled(document.getAnimations().map(animation => animation.finished));
    const found = await axe.run(document, {resultTypes: ["violations"], ...rules});
    return found.violations.flatMap(rule => rule.nodes.map(
        node => `${rule.id}: ${node.target} ${node.any.map(check => check.message)}`));
}"""
# Everything that a keyboard must reach, marked by its place.
_MARK: Final = """() => {
    document.activeElement?.blur();
    getSelection().removeAllRanges();
    const looks = element => {
        const around = [element, element.parentElement, ...(element.labels || [])];
        return around.map(one => {
            const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(one);
            return `${outlineStyle === "none" ? "" : outlineWidth} ${boxShadow}`;
        }).join();
    };
    const all = [...document.querySelectorAll(
        "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
    )].filter(element => element.tabIndex >= 0 && !element.disabled
        && !element.closest("[inert]")
        && element.checkVisibility({visibilityProperty: true}));
    const before = all.map(looks);
    window.reached = new Set();
    window.unseen = new Set();
    document.addEventListener("focusin", event => {
        const place = all.indexOf(event.target);
        if (place < 0) return;
        window.reached.add(place);
        if (looks(event.target) === before[place]) window.unseen.add(place);
    });
    window.named = () => {
        const name = place => all[place].outerHTML.slice(0, 120);
        // Of radio buttons with one name the keyboard stops at one; arrows reach the rest.
        const groups = new Set([...window.reached].map(place => all[place])
            .filter(element => element.type === "radio").map(element => element.name));
        const missed = all.map((_, place) => place).filter(place => !window.reached.has(place)
            && !(all[place].type === "radio" && groups.has(all[place].name)));
        return [...missed.map(place => `Tab does not reach ${name(place)}`),
            ...[...window.unseen].map(place => `focus cannot be seen on ${name(place)}`)];
    };
    return all.length;
}"""
_SPACING: Final = re.compile(r"[\s().+-]|&nbsp;|&#x2011;")


def by_axe(page: Page) -> Iterator[str]:
    """Axe's violations and sideways scrolling, on a phone and a desk, in light and dark."""
    page.evaluate(_AXE)
    for width, scheme, rules in WAYS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        yield from (f"{width} {scheme}: {found}" for found in page.evaluate(_RUN_AXE, rules))
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            yield f"{width} {scheme}: is {wide} wide"


def by_eye(page: Page, private_numbers: tuple[str, ...] = ()) -> Iterator[str]:
    """A title, one heading above all, and nobody's private number."""
    if not page.title().strip():
        yield "has no title"
    if (headings := page.locator("h1:visible").count()) != 1:
        yield f"has {headings} h1"
    text = _SPACING.sub("", page.content())
    yield from (f"tells {number}" for number in private_numbers if number[2:] in text)


def by_keyboard(page: Page) -> Iterator[str]:
    """What Tab does not reach, or where the focus cannot be seen."""
    page.set_viewport_size({"width": DESK, "height": 844})
    many = page.evaluate(_MARK)
    for pressed in range(many + 20):
        page.keyboard.press("Tab")
        if pressed % 10 == 9 and page.evaluate("reached.size") == many:
            break
    yield from page.evaluate("named()")
