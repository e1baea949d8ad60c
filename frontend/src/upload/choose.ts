// The browser's own window for choosing files.

export function chooseFiles(): Promise<File[]> {
  return new Promise((done) => {
    const input = Object.assign(document.createElement("input"), { type: "file", multiple: true });
    input.onchange = () => done([...(input.files ?? [])]);
    input.oncancel = () => done([]);
    input.click();
  });
}
