// Opens the browser's file picker.

export function chooseFiles(): Promise<File[]> {
  return new Promise((done) => {
    const input = Object.assign(document.createElement("input"), { type: "file", multiple: true });
    input.onchange = () => done([...(input.files ?? [])]);
    input.oncancel = () => done([]);
    input.click();
  });
}
