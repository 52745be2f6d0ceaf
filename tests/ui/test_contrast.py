"""Contrast computed from the tokens the browser gets, against the floors of the design: text 7 or 4.5, edges and shapes 3."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "static/rozoom/app.css").read_text()
TOKENS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\)", CSS)
}

# ink, floor, grounds it is drawn on
BODY, TEXT, SHAPE, RINGS = 7, 4.5, 3, 9
PAGE_GROUNDS = "bg surface sunken"
NOTES = "note-tint partner-tint"
PAIRS = [
    ("text", BODY, f"{PAGE_GROUNDS} {NOTES} selected accent-tint"),
    ("muted", TEXT, f"{PAGE_GROUNDS} {NOTES} selected accent-tint"),
    ("accent", TEXT, f"{PAGE_GROUNDS} {NOTES} selected accent-tint"),
    ("accent-hover", TEXT, f"{PAGE_GROUNDS} accent-tint"),
    ("on-accent", TEXT, "accent accent-hover"),
    ("danger", TEXT, f"{PAGE_GROUNDS} {NOTES} selected"),
    ("on-danger", TEXT, "danger"),
    ("visited", TEXT, "bg surface"),
    ("border-strong", SHAPE, PAGE_GROUNDS),
    ("sev1-ink", BODY, "sev1-tint surface"),
    ("sev2-ink", BODY, "sev2-tint surface"),
    ("sev3-ink", BODY, "sev3-tint surface"),
    ("sev1-fill", SHAPE, "sev1-tint bg surface selected"),
    ("sev2-fill", SHAPE, "sev2-tint bg surface"),
    ("sev3-fill", SHAPE, "sev3-tint bg surface selected"),
    ("ok-ink", BODY, "ok-tint surface"),
    ("ok-fill", SHAPE, "ok-tint bg surface"),
    ("note-ink", BODY, "note-tint"),
    ("note-edge", SHAPE, "note-tint bg surface"),
    ("partner-ink", BODY, "partner-tint"),
    ("partner-edge", SHAPE, "partner-tint bg surface"),
    ("focus-in", RINGS, "focus-out"),
    ("bg", BODY, "text"),  # the status line
]


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ink, floor, grounds", PAIRS, ids=[pair[0] for pair in PAIRS])
def test_no_pair_is_under_its_floor(theme, ink, floor, grounds):
    measured = {ground: contrast(TOKENS[ink][theme], TOKENS[ground][theme]) for ground in grounds.split()}
    assert {ground: round(ratio, 2) for ground, ratio in measured.items() if ratio < floor} == {}


def test_the_meter_measures():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


def test_one_focus_ring_stands_out_on_any_ground():
    for token, colours in TOKENS.items():
        for theme, ground in colours.items():
            rings = [contrast(TOKENS[ring][theme], ground) for ring in ("focus-in", "focus-out")]
            assert max(rings) >= SHAPE, token


def test_every_colour_of_the_rules_is_a_token():
    """A colour written into a rule would escape the table above. White behind the code to scan is the one exception."""
    rules = CSS[CSS.index("/* Ground */") :]
    assert re.findall(r":[^;{}]*(#[0-9a-fA-F]{3,8})\b[^{}]*[;}]", rules) == ["#fff"]
    assert set(re.findall(r"var\(--([\w-]+)\)", rules)) <= set(re.findall(r"--([\w-]+):", CSS))


def test_all_tokens_of_the_design_are_there():
    assert len(TOKENS) == 35
    assert {name for pair in PAIRS for name in (pair[0], *pair[2].split())} == set(TOKENS) - {"border"}
