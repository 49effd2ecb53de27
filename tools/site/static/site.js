"use strict";

// The search shows a piece of each page that it finds, where it may read it: not from a folder, without a server.
if (location.protocol == "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// What is wider than its place scrolls in itself; this lets the keyboard reach it.

const WIDE = "figure[role=group], .pst-scrollable-table-container, mjx-container, .output, pre";

function reachable() {
  for (const place of document.querySelectorAll(WIDE)) {
    if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
  }
}

window.addEventListener("load", () => (window.MathJax?.startup?.promise ?? Promise.resolve()).then(reachable));
window.addEventListener("resize", reachable);
