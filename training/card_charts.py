"""The charts of a card as SVG text: reliability, decision curve, calibration within groups. No script, no file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from training.card_words import group_name

WIDTH, HEIGHT = 460, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 44
INK, SOFT, WARM = "#14324c", "#b8c4cf", "#c8693b"
ROW = 24


@dataclass(frozen=True)
class Frame:
    """The plane of a chart: from values to points of the picture."""

    x: tuple[float, float]
    y: tuple[float, float]
    height: int = HEIGHT
    left: int = LEFT

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The point of a pair of values, values outside at the edge."""
        u, v = (min(max((value - low) / (high - low), 0.0), 1.0) for value, (low, high) in ((x, self.x), (y, self.y)))
        across, up = WIDTH - self.left - RIGHT, self.height - TOP - BOTTOM
        return self.left + u * across, TOP + (1 - v) * up


def charts(card: Mapping[str, Any], texts: Mapping[str, Any], language: str) -> dict[str, Markup]:
    """The charts of a card by name, in the words of a language."""
    figures = card["figures"]
    return {
        "reliability": _reliability(figures["reliability"], texts),
        "decision": _decision(figures["decision_curve"], texts),
        "fairness": _fairness(card, texts, language),
    }


def _reliability(bins: Sequence[Mapping[str, Any]], texts: Mapping[str, Any]) -> Markup:
    most = max([0.1, *(each["risk"] for each in bins), *(each["relapse"]["high"] or 0 for each in bins)])
    frame = Frame((0, most), (0, most))
    parts = [_line(frame, [(0, 0), (most, most)], SOFT, dash=True)]
    for each in bins:
        told = each["relapse"]
        if told["low"] is not None:
            parts.append(_line(frame, [(each["risk"], told["low"]), (each["risk"], told["high"])], INK))
        x, y = frame.at(each["risk"], told["value"])
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{INK}"/>')
    ticks = _ticks(0, most)
    return _svg([*_axes(frame, ticks, ticks, texts["risk"], texts["observed"]), *parts], texts["reliability"])


def _decision(curve: Sequence[Mapping[str, Any]], texts: Mapping[str, Any]) -> Markup:
    names = [name for name in ("lightgbm", "logistic", "everyone") if name in curve[0]]
    values = [each[name]["value"] or 0.0 for each in curve for name in names]
    frame = Frame(
        (curve[0]["threshold"], curve[-1]["threshold"]), (min(0.0, max(-0.05, min(values))), max(values) * 1.1)
    )
    parts = [_line(frame, [(frame.x[0], 0), (frame.x[1], 0)], SOFT, dash=True)]
    for place, (name, colour) in enumerate(zip(names, (INK, WARM, SOFT), strict=False)):
        parts.append(_line(frame, [(each["threshold"], each[name]["value"] or 0.0) for each in curve], colour, width=2))
        parts.append(_text(WIDTH - RIGHT - 6, TOP + 14 + 16 * place, texts["models"][name], colour, "end"))
    axes = _axes(frame, [each["threshold"] for each in curve], _ticks(*frame.y), texts["threshold"], texts["benefit"])
    return _svg([*axes, *parts], texts["decision"])


def _fairness(card: Mapping[str, Any], texts: Mapping[str, Any], language: str) -> Markup:
    """Log-odds by which risks are too low in each group, with intervals; what is small is not told."""
    groups = [
        (
            texts["of_group"].format(
                attribute=texts["attributes"][attribute], group=group_name(card, texts, attribute, name, language)
            ),
            group["figures"]["intercept"],
        )
        for attribute, of in card["figures"]["fairness"]["attributes"].items()
        for name, group in (of or {}).items()
        if group["figures"]
    ]
    reach = max([0.5, *(abs(told[end] or 0.0) for _, told in groups for end in ("low", "high"))])
    frame = Frame((-reach, reach), (0, max(len(groups), 1)), TOP + BOTTOM + ROW * max(len(groups), 1), 170)
    parts = [_line(frame, [(0, 0), (0, frame.y[1])], SOFT, dash=True)]
    for place, (name, told) in enumerate(reversed(groups)):
        level = place + 0.5
        sure = (told["low"] or 0) > 0 or (told["high"] or 0) < 0
        colour = WARM if sure else INK
        parts.append(
            _line(frame, [(told["low"] or told["value"], level), (told["high"] or told["value"], level)], colour)
        )
        x, y = frame.at(told["value"], level)
        parts.append(f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{colour}"/>')
        parts.append(_text(frame.left - 8, y + 4, name, INK, "end"))
    return _svg(
        [*_axes(frame, _ticks(-reach, reach), [], texts["too_low_by"], ""), *parts], texts["fairness"], frame.height
    )


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between two, three to six of them."""
    near = MaxNLocator(nbins=5, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [round(float(each), 10) + 0.0 for each in near if low <= each <= high]


def _axes(frame: Frame, xs: Iterable[float], ys: Iterable[float], across: str, up: str) -> list[str]:
    (left, bottom), (right, top) = frame.at(frame.x[0], frame.y[0]), frame.at(frame.x[1], frame.y[1])
    parts = [f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="{SOFT}"/>']
    parts += [_text(frame.at(x, 0)[0], bottom + 16, f"{x:g}", "#5a6b7b", "middle") for x in xs]
    parts += [_text(left - 6, frame.at(0, y)[1] + 4, f"{y:g}", "#5a6b7b", "end") for y in ys]
    parts.append(_text((left + right) / 2, bottom + 36, across, INK, "middle"))
    middle = (top + bottom) / 2
    turned = f'transform="rotate(-90 14 {middle:.0f})"'
    return [*parts, _text(14, middle, up, INK, "middle", turned)] if up else parts


def _line(
    frame: Frame, points: Sequence[tuple[float, float]], colour: str, *, width: float = 1.5, dash: bool = False
) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (frame.at(*point) for point in points))
    dashed = ' stroke-dasharray="4 4"' if dash else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>'


def _text(  # noqa: PLR0913, PLR0917 (what a text in a picture is told by)
    x: float, y: float, text: str, colour: str, anchor: str, more: str = ""
) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" {more}>{escape(text)}</text>'


def _svg(parts: Sequence[str], title: str, height: int = HEIGHT) -> Markup:
    body = "".join(parts)
    head = f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg">'
    return Markup(f"{head}{body}</svg>")  # noqa: S704 (every text in it is escaped)
