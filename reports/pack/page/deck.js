// Keys and buttons of the deck; without them it is a page to scroll.
(function () {
  'use strict';
  var pages = Array.prototype.slice.call(document.querySelectorAll('.page'));
  var at = document.querySelector('.keys .at');
  document.body.classList.add('scripted');

  function current() {
    var middle = window.innerHeight / 2, best = 0, least = Infinity;
    pages.forEach(function (p, i) {
      var box = p.getBoundingClientRect(), away = Math.abs((box.top + box.bottom) / 2 - middle);
      if (away < least) { least = away; best = i; }
    });
    return best;
  }
  function show() { at.textContent = (current() + 1) + ' / ' + pages.length; }
  function go(to) {
    var page = pages[Math.max(0, Math.min(pages.length - 1, to))];
    page.scrollIntoView({ block: 'center' });
    page.focus({ preventScroll: true });
    show();
  }
  function full() {
    if (document.fullscreenElement) { document.exitFullscreen(); } else if (document.documentElement.requestFullscreen) { document.documentElement.requestFullscreen(); }
  }
  var keys = {
    ArrowRight: function () { go(current() + 1); }, PageDown: function () { go(current() + 1); }, ' ': function () { go(current() + 1); },
    ArrowLeft: function () { go(current() - 1); }, PageUp: function () { go(current() - 1); },
    Home: function () { go(0); }, End: function () { go(pages.length - 1); },
    f: full, F: full, p: function () { window.print(); }, P: function () { window.print(); }
  };
  document.addEventListener('keydown', function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey || !keys[e.key] || e.target.closest('button, a') && e.key === ' ') { return; }
    e.preventDefault();
    keys[e.key]();
  });
  document.querySelector('.keys').addEventListener('click', function (e) {
    var what = e.target.getAttribute('data-go');
    if (what === 'full') { full(); } else if (what === 'print') { window.print(); } else if (what) { go(current() + Number(what)); }
  });
  document.addEventListener('fullscreenchange', function () { document.body.classList.toggle('presenting', !!document.fullscreenElement); go(current()); });
  document.addEventListener('scroll', show, { passive: true });
  show();
})();
