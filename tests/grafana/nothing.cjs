// In place of packages that are for pages only, where Grafana's code for data is run without a page.
module.exports = {};
