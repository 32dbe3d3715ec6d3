"""What any notebook may show and say, as HTML that cannot run, load or leak anything.

A reader's own notebook shows frames, figures, prints and errors as they come. What could run, ask
for something elsewhere or tell of the machine is taken away; `taken` says what that was.
"""

import base64
import io
import json
import re
from collections.abc import Callable
from html import escape

from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer
from bleach.sanitizer import Cleaner  # nbconvert brings it, for the same purpose
from nbconvert.filters import strip_ansi

_TAGS = (
    "a abbr b blockquote br caption center code col colgroup dd del details div dl dt em figcaption"
    " figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong style"
    " sub summary sup table tbody td tfoot th thead tr tt u ul var"
)
_PLAIN = {"align", "alt", "class", "colspan", "dir", "height", "lang", "rowspan", "scope", "start"}
_PLAIN |= {"style", "title", "width"}
_ACTIVE = re.compile(
    r"<(script|iframe|object|embed|form|link|meta|base|audio|video)\b"
    r"|<[^>]*?[\s/\"'](on[a-z]+)\s*=|<[^>]*?\b(javascript):"
    r"|<img\b[^>]*?\b(src)\s*=(?!\s*[\"']?data:)",
    re.IGNORECASE,
)
_WITH_CONTENT = re.compile(r"<(script|style|iframe|object|title)\b.*?(</\1\s*>|$)", re.I | re.S)
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.IGNORECASE | re.DOTALL)
_STYLED = re.compile(r"(#T_[\w-]+[^{}@<]*)\{([^{}<]*)\}")  # the rules of a pandas Styler
_NOTHING_ELSE = re.compile(  # a frame, as pandas writes it: to parse a long one takes minutes
    r"(?:[^<]|</?(?:div|p|table|thead|tbody|tr|th|td|br)"
    r"(?: (?:border|class|colspan|rowspan|style|valign|halign)=\"[\w :;.%-]*\")*>)*"
)
_ELSEWHERE = {
    "application/javascript": "script",
    "application/vnd.jupyter.widget-view+json": "widget",
}
_HOME = re.compile(  # of a person, and of the libraries
    r"(?:/home|/Users|[A-Z]:\\Users)[/\\][^/\\\s\"']+|/root\b|/[^\s\"':]{0,200}(?=/site-packages/)"
)
_TEX = {r"\displaystyle": "", r"\le": r"\leq", r"\ge": r"\geq", r"\ne": r"\neq"}  # in mathtext
_LAST_STATE = re.compile(
    r"(?m)^[^\n]*\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f]"
)  # of a line written over
_SVG = "http://www.w3.org/2000/svg"


class _Styles(CSSSanitizer):
    """Inline styles that lay out and colour; one that would load a picture is dropped whole."""

    def sanitize_css(self, style: str) -> str:
        return "" if re.search(r"url|image", style, re.I) else super().sanitize_css(style)


_STYLES = _Styles([*ALLOWED_CSS_PROPERTIES, "background", "padding"])


def _allowed(tag: str, name: str, value: str) -> bool:
    """Whether an attribute may stay: what lays out, links, and pictures that the page holds."""
    if name == "src":
        return tag == "img" and value.startswith("data:image/")
    if name == "href":
        return value.startswith(("#", "index.html#", "http://", "https://", "mailto:"))
    return name in _PLAIN or (name == "id" and value.startswith("T_"))


_CLEANER = Cleaner(
    tags=_TAGS.split(),
    attributes=_allowed,
    protocols=["http", "https", "mailto", "data"],
    strip=True,
    css_sanitizer=_STYLES,
)


def clean(html: str) -> str:
    """The HTML without what could run or load; drawings become pictures, tables scroll.

    >>> clean('<p onclick="x()">A <script>x()</script><b>word</b></p>')
    '<p>A <b>word</b></p>'
    """
    html = _DRAWING.sub(lambda drawing: picture("image/svg+xml", drawing[0], ""), html)
    rules = [
        rule
        for style in re.findall(r"<style.*?</style>", html, re.S)
        for rule in _STYLED.findall(style)
        if all(s.strip().startswith("#T_") for s in rule[0].split(","))
    ]
    kept = "".join(f"{where}{{{_STYLES.sanitize_css(what)}}}\n" for where, what in rules)
    html = _WITH_CONTENT.sub("", html).strip()
    html = html if _NOTHING_ELSE.fullmatch(html) else _CLEANER.clean(html).strip()
    html = html.replace("<table", '<div class="scroll" tabindex="0"><table')
    html = html.replace("</table>", "</table></div>")
    return f"<style>{kept}</style>{html}" if kept and html else html


def taken(html: str) -> list[str]:
    """What `clean` takes from the HTML because it could run or load something.

    >>> taken('<p onclick="x()"><script>x()</script></p><img src="https://example.org/x.png">')
    ['onclick', 'script', 'src']
    """
    return sorted({name.lower() for found in _ACTIVE.findall(html) for name in found if name})


def taken_of(output: dict) -> list[str]:
    """What is taken from an output; a widget has no form that lives without its kernel."""
    data = output.get("data", {})
    gone = {name for mime, name in _ELSEWHERE.items() if mime in data}
    return sorted(gone.union(taken("".join(data.get("text/html", "")))))


def picture(mime: str, content: str, alt: str) -> str:
    """A picture that the page holds itself; a drawing in a picture can neither run nor load."""
    if mime == "image/svg+xml" and not content.startswith("PD"):  # not in base64 yet
        content = (
            content if "xmlns=" in content else content.replace("<svg", f'<svg xmlns="{_SVG}"', 1)
        )
        content = base64.b64encode(content.encode()).decode()
    return f'<img alt="{escape(alt)}" src="data:{mime};base64,{"".join(content.split())}">'


def formula(source: str) -> str:
    """A formula as a drawing, read aloud as its source; as the source if it cannot be drawn."""
    from matplotlib import mathtext, rc_context  # half a second, for those who write formulas

    drawn = io.StringIO()
    with rc_context({"svg.hashsalt": source, "savefig.transparent": True}):
        try:
            known = re.sub(r"\\[A-Za-z]+", lambda name: _TEX.get(name[0], name[0]), source).strip()
            depth = mathtext.math_to_image(f"${known}$", drawn, dpi=72, format="svg")
        except ValueError:
            return f'<code class="math">${escape(source)}$</code>'
    svg = re.sub(r"<metadata>.*?</metadata>", "", drawn.getvalue(), flags=re.DOTALL)
    image = picture("image/svg+xml", svg[svg.index("<svg") :], f"${source}$")
    return image.replace("<img", f'<img class="math" style="vertical-align: -{depth:.0f}pt"', 1)


def text(words: str) -> str:
    """Printed words: colours, lines written over and the name of a home folder taken out.

    >>> text("10 %\\r100 % of /Users/lan/x")
    '<pre>100 % of ~/x</pre>'
    """
    words = _HOME.sub("~", _LAST_STATE.sub("", strip_ansi(words)))
    return f"<pre>{escape(words, quote=False)}</pre>" if words.strip() else ""


def shown(output: dict, markdown: Callable[[str], str], alt: str) -> str:
    """An output as HTML: the richest of its forms of which something is left; "" for none."""
    kind = output["output_type"]
    if kind == "stream":
        return text(output["text"])
    if kind == "error":
        return text("\n".join(output["traceback"]) or f"{output['ename']}: {output['evalue']}")
    forms = {"text/html": clean, "text/markdown": markdown}
    for mime in ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp"):
        forms[mime] = lambda content, mime=mime: f"<figure>{picture(mime, content, alt)}</figure>"
    forms["application/json"] = lambda value: text(json.dumps(value, ensure_ascii=False, indent=1))
    forms |= {"text/latex": markdown, "text/plain": text}
    data = output["data"]
    made = (make(_joined(data[mime])) for mime, make in forms.items() if mime in data)
    return next(filter(None, made), "")


def _joined(content):
    """The content as one text, where a notebook keeps it by lines."""
    return "".join(content) if isinstance(content, list) and content[1:] != content else content
