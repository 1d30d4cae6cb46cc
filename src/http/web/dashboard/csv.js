// csv.js: tables as files for a spreadsheet: RFC 4180, with the mark that has it read them as UTF-8.

// A spreadsheet runs what begins like a formula, whoever wrote it: an apostrophe makes it text.
const disarm = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
const quote = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const line = (cells) => `${cells.map((cell) => quote(disarm(String(cell)))).join(",")}\r\n`;

// Has the browser save rows of cells, the first of them the headings.
export function saveRows(name, rows) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\uFEFF", ...rows.map(line)], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
