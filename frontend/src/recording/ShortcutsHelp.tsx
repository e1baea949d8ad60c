// The dialog with all keyboard shortcuts.
import { Modal } from "antd";
import { useTranslation } from "react-i18next";
import { shortcutLabel } from "./shortcutLabel";

const [CTRL, ALT, SHIFT] = [shortcutLabel("Ctrl"), shortcutLabel("Alt"), shortcutLabel("Shift")];

const KEYS = [
  ["play", [ALT, "K"]],
  ["replay", [ALT, "P"]],
  ["jump", [ALT, "J", "/", "L"]],
  ["speed", [ALT, "[", "/", "]"]],
  ["move", [ALT, "↑", "/", "↓"]],
  ["reviewFlag", [ALT, ",", "/", "."]],
  ["commit", ["Enter"]],
  ["leave", ["Esc"]],
  ["split", [CTRL, "Enter"]],
  ["merge", [ALT, "M"]],
  ["times", [ALT, "T"]],
  ["remove", [CTRL, SHIFT, "⌫"]],
  ["speaker", [ALT, "1…9"]],
  ["name", [ALT, "N"]],
  ["choose", [ALT, "X"]],
  ["chooseMore", [ALT, SHIFT, "↑", "/", "↓"]],
  ["undo", [CTRL, "Z", "/", "Y"]],
  ["find", [CTRL, "F"]],
  ["save", [CTRL, "S"]],
  ["areas", ["F6"]],
  ["help", ["?"]],
] as const;

export function ShortcutsHelp({ close }: { close: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal open title={t("editor.help")} footer={null} onCancel={close}>
      <dl className="keys">
        {KEYS.map(([name, keys]) => (
          <div key={name}>
            <dt>{keys.map((key, index) => (key === "/" ? " / " : <kbd key={index}>{key}</kbd>))}</dt>
            <dd>{t(`editor.keys.${name}`)}</dd>
          </div>
        ))}
      </dl>
      <p className="secondary">{t("editor.keys.seek")}</p>
      <p className="secondary">{t("editor.keys.click", { key: CTRL })}</p>
    </Modal>
  );
}
