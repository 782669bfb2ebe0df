"use strict";

// Draws each canvas[data-chart] as stacked bars from the JSON block whose id it names.
(() => {
  const COLOURS = {
    light: ["#2563eb", "#059669", "#d97706", "#7c3aed", "#db2777", "#0891b2", "#65a30d", "#78716c"],
    dark: ["#60a5fa", "#34d399", "#fbbf24", "#a78bfa", "#f472b6", "#22d3ee", "#a3e635", "#a8a29e"],
  };
  const isDark = () => document.documentElement.classList.contains("dark");
  const word = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const colour = (number) => {
    const colours = COLOURS[isDark() ? "dark" : "light"];
    return colours[number % colours.length];
  };

  const dress = (chart) => {
    chart.data.datasets.forEach((set, number) => {
      set.backgroundColor = colour(number);
    });
    chart.options.plugins.legend.labels.color = word("--console-quiet");
    for (const axis of Object.values(chart.options.scales)) {
      axis.ticks.color = word("--console-quiet");
      axis.grid.color = word("--console-line");
    }
    chart.update();
  };

  const draw = (canvas) => {
    const chart = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    const datasets = chart.series.map((series, number) => ({
      label: series.label,
      data: series.values.map(Number),
      backgroundColor: colour(number),
    }));
    return new Chart(canvas, {
      type: "bar",
      data: { labels: chart.labels, datasets },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        plugins: {
          colors: { enabled: false },
          legend: { position: "bottom", labels: { boxWidth: 10, boxHeight: 10 } },
          tooltip: {
            callbacks: {
              label: (item) => `${item.dataset.label}: ${chart.series[item.datasetIndex].values[item.dataIndex]} ${chart.unit}`,
            },
          },
        },
        scales: {
          x: { stacked: true, ticks: { maxRotation: 0, autoSkip: true }, grid: { display: false } },
          y: { stacked: true, beginAtZero: true, ticks: { precision: 0, maxTicksLimit: 6 }, grid: {} },
        },
      },
    });
  };

  const charts = [...document.querySelectorAll("canvas[data-chart]")].map(draw);
  charts.forEach(dress);
  new MutationObserver(() => charts.forEach(dress)).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["class"],
  });
})();
