"""A risk as a plain bar: where it lies between none and all, and how far its interval reaches. No colour of alarm."""

from markupsafe import Markup

WIDTH, HEIGHT = 120.0, 16.0


def risk_bar(risk: float | None, low: float | None, high: float | None) -> Markup:
    """The bar as SVG; empty without a risk. The number stands beside it, so the bar is not read aloud."""
    if risk is None:
        return Markup()
    parts = [f'<rect x="0" y="5" width="{WIDTH:.0f}" height="6" rx="3" fill="#dfe6e9"/>']
    if low is not None and high is not None:
        wide = max(2.0, WIDTH * (high - low))
        parts.append(f'<rect x="{WIDTH * low:.1f}" y="3" width="{wide:.1f}" height="10" rx="2" fill="#8fb8bf"/>')
    parts.append(f'<rect x="{max(0.0, WIDTH * risk - 1.5):.1f}" y="0" width="3" height="16" fill="#0b4f5c"/>')
    return Markup(  # noqa: S704 (numbers alone)
        f'<svg class="risk" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" width="120" height="16" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )
