# SPDX-License-Identifier: MIT
"""The documentation as HTML: Doxygen warns of nothing, and each link leads to a place.

usage: site.py DOXYGEN DOXYFILE HTML_FOLDER
Links to other sites are not followed.
"""
import functools
import html
import pathlib
import re
import subprocess
import sys
import urllib.parse

doxygen, doxyfile, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])


@functools.cache
def places(page):
    return {html.unescape(name) for name in re.findall(r'\b(?:id|name)="([^"]*)"', page.read_text())}


def leads_nowhere(page, link):
    path, _, place = urllib.parse.unquote(link).partition("#")
    target = page.parent / path if path else page
    return not target.exists() or (place and place not in places(target))


folder.parent.mkdir(parents=True, exist_ok=True)
run = subprocess.run([doxygen, doxyfile], text=True, capture_output=True)
errors, count = [line for line in (run.stdout + run.stderr).splitlines() if line], 0
for page in sorted(folder.rglob("*.html")):
    links = {html.unescape(link) for link in re.findall(r'\b(?:href|src|data)="([^"]*)"', page.read_text())}
    for link in sorted(link for link in links if not re.match(r"[a-z]+:", link)):
        count += 1
        if leads_nowhere(page, link):
            errors.append(f"{page.name}: broken link {link}")
print("\n".join(errors) or f"{count} links lead to a place")
sys.exit(bool(errors) or run.returncode != 0 or count == 0)
