// Draws charts from the options that the server lays out for this room and light, and a few keys. Pages work without it.
(function () {
  'use strict';

  var root = document.documentElement;
  var dark = window.matchMedia('(prefers-color-scheme: dark)');
  var locale = root.lang === 'en' ? 'EN' : 'ZH';
  var printing = false;

  function theme() {
    if (printing) { return 'print'; }
    return (root.dataset.theme || (dark.matches ? 'dark' : 'light'));
  }

  function Picture(canvas) {
    this.canvas = canvas;
    this.chart = null;
    this.drawn = '';
  }

  // draw fetches the option for room and light, once for each, and only stretches the chart otherwise.
  Picture.prototype.draw = function () {
    var room = this.canvas.clientWidth < 560 ? 'narrow' : 'wide';
    var wanted = room + '-' + theme();
    if (this.drawn === wanted) {
      if (this.chart) { this.chart.resize(); }
      return Promise.resolve();
    }
    this.drawn = wanted;
    var self = this;
    var source = this.canvas.dataset.chart;
    var url = source + (source.indexOf('?') < 0 ? '?' : '&') + 'room=' + room + '&light=' + theme();
    return fetch(url, {credentials: 'same-origin', headers: {Accept: 'application/json'}}).then(function (answer) {
      if (!answer.ok) { throw new Error(String(answer.status)); }
      return answer.json();
    }).then(function (laid) {
      if (self.drawn !== wanted) { return; }
      if (self.chart) { self.chart.dispose(); }
      var label = self.canvas.getAttribute('aria-label');
      self.canvas.style.height = laid.Height + 'px';
      self.chart = window.echarts.init(self.canvas, null, {renderer: 'svg', locale: locale});
      self.chart.setOption(laid.Option);
      self.canvas.setAttribute('aria-label', label);
      self.canvas.classList.add('drawn');
    }).catch(function () {
      self.drawn = '';
      self.canvas.classList.add('missing');
    });
  };

  var pictures = Array.prototype.map.call(document.querySelectorAll('[data-chart]'), function (c) { return new Picture(c); });
  var seen = new Set();

  function drawSeen() { seen.forEach(function (p) { p.draw(); }); }

  if (pictures.length && window.echarts) {
    var watch = new IntersectionObserver(function (entries) {
      entries.forEach(function (e) {
        if (!e.isIntersecting) { return; }
        var p = pictures.filter(function (x) { return x.canvas === e.target; })[0];
        seen.add(p);
        p.draw();
      });
    }, {rootMargin: '400px'});
    pictures.forEach(function (p) { watch.observe(p.canvas); });
    dark.addEventListener('change', drawSeen);
    window.addEventListener('beforeprint', function () { printing = true; pictures.forEach(function (p) { p.draw(); }); });
    window.addEventListener('afterprint', function () { printing = false; drawSeen(); });
    var waiting = 0;
    window.addEventListener('resize', function () {
      window.cancelAnimationFrame(waiting);
      waiting = window.requestAnimationFrame(drawSeen);
    });
  }

  // "/" goes to the search, as on many sites; never while something is typed.
  document.addEventListener('keydown', function (e) {
    var at = document.activeElement;
    if (e.key === '/' && !e.ctrlKey && !e.metaKey && !(at && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName))) {
      var search = document.getElementById('q');
      if (search) { e.preventDefault(); search.focus(); }
    }
    if (e.key === 'Escape') {
      document.querySelectorAll('details.switch[open]').forEach(function (d) { d.open = false; });
    }
  });

  // What is typed is not lost by leaving the page by mistake.
  document.querySelectorAll('form[data-keep]').forEach(function (form) {
    var changed = false;
    form.addEventListener('input', function () { changed = true; });
    form.addEventListener('submit', function () { changed = false; });
    window.addEventListener('beforeunload', function (e) { if (changed) { e.preventDefault(); } });
  });
})();
