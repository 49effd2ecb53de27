"use strict";  // what decks and pages for paper have in common

// The rest of a line of code that is too long stands below it, further to the right than where it begins.
function hang(pre) {
  pre.innerHTML = pre.innerHTML.replace(/\n$/, "").split("\n").map(line => `<span class="line">${line}</span>`).join("");
  for (const line of pre.children) {
    // a name that is longer than its line goes on below at a dot, not within a word
    if (/\S{70}/.test(line.textContent)) line.innerHTML = line.innerHTML.replace(/<span class="o">\.<\/span>/g, "<wbr>$&");
    const indent = line.textContent.search(/\S|$/);
    line.style.setProperty("--hang", `${Math.min(indent + 4, 40)}ch`);
  }
}

// When the formulas are set, the page's own script goes on.
window.MathJax = {
  tex: {inlineMath: [["$", "$"], ["\\(", "\\)"]], displayMath: [["$$", "$$"], ["\\[", "\\]"]], processEscapes: true},
  options: {enableMenu: false, skipHtmlTags: ["script", "style", "pre", "code"]},
  svg: {fontCache: "none"},
  startup: {pageReady: () => MathJax.startup.defaultPageReady().then(() => start())},
};
