// Draws every figure of the page from the option beside it. The options are data; this file is the only code that reads them.
(function () {
  'use strict';

  var wide = 560;
  var locale = document.documentElement.lang === 'en' ? 'EN' : 'ZH';
  var dark = window.matchMedia('(prefers-color-scheme: dark)');
  var printing = false;

  function theme() {
    return printing ? 'Print' : dark.matches ? 'Dark' : 'Light';
  }

  function Picture(figure) {
    this.canvas = figure.querySelector('.canvas');
    this.options = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    this.chart = null;
    this.drawn = '';
  }

  // draw lays the chart out anew when room or theme changed, and only stretches it otherwise.
  Picture.prototype.draw = function () {
    var room = this.canvas.clientWidth < wide ? 'Narrow' : 'Wide';
    var wanted = room + theme();
    if (this.chart && this.drawn === wanted) {
      this.chart.resize();
      return;
    }
    if (this.chart) {
      this.chart.dispose();
    }
    var label = this.canvas.getAttribute('aria-label');
    this.canvas.style.height = this.options[room].Height + 'px';
    this.chart = window.echarts.init(this.canvas, null, {renderer: 'svg', locale: locale});
    this.chart.setOption(this.options[room][theme()]);
    this.canvas.setAttribute('aria-label', label);
    this.drawn = wanted;
  };

  var pictures = [];
  document.querySelectorAll('figure').forEach(function (figure) {
    if (figure.querySelector('.canvas')) {
      pictures.push(new Picture(figure));
    }
  });

  function drawAll() {
    pictures.forEach(function (p) { p.draw(); });
  }

  drawAll();
  dark.addEventListener('change', drawAll);
  window.addEventListener('beforeprint', function () { printing = true; drawAll(); });
  window.addEventListener('afterprint', function () { printing = false; drawAll(); });
  var waiting = 0;
  window.addEventListener('resize', function () {
    window.cancelAnimationFrame(waiting);
    waiting = window.requestAnimationFrame(drawAll);
  });
})();
