// The chosen files in playback order: reorder by dragging or by buttons, or remove.
import { ArrowDownOutlined, ArrowUpOutlined, CloseOutlined, HolderOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../app/formats";

export function PartList({
  files,
  invalid,
  ordered,
  change,
}: {
  files: readonly File[];
  invalid: readonly File[];
  ordered: boolean;
  change: (files: readonly File[]) => void;
}) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [dragged, setDragged] = useState<number | null>(null);

  function move(from: number, to: number) {
    const rest = files.toSpliced(from, 1);
    change(rest.toSpliced(to, 0, files[from]!));
  }

  return (
    <ol className="parts" aria-label={t("upload.files")}>
      {files.map((file, index) => (
        <li
          key={`${file.name}-${file.size}-${file.lastModified}-${files.slice(0, index).filter((one) => one.name === file.name).length}`}
          className={invalid.includes(file) ? "part invalid" : "part"}
          draggable={ordered}
          onDragStart={(event) => {
            event.dataTransfer.effectAllowed = "move";
            setDragged(index);
          }}
          onDragOver={(event) => dragged !== null && event.preventDefault()}
          onDrop={(event) => {
            if (dragged === null) return;
            event.preventDefault();
            event.stopPropagation();
            move(dragged, index);
            setDragged(null);
          }}
          onDragEnd={() => setDragged(null)}
        >
          {ordered && <HolderOutlined aria-hidden className="secondary" />}
          <span className="upload-name">{file.name}</span>
          <small>{formats.bytes(file.size)}</small>
          {ordered && (
            <>
              <Button
                type="text"
                size="small"
                icon={<ArrowUpOutlined />}
                disabled={index === 0}
                aria-label={t("upload.up", { name: file.name })}
                onClick={() => move(index, index - 1)}
              />
              <Button
                type="text"
                size="small"
                icon={<ArrowDownOutlined />}
                disabled={index === files.length - 1}
                aria-label={t("upload.down", { name: file.name })}
                onClick={() => move(index, index + 1)}
              />
            </>
          )}
          <Button
            type="text"
            size="small"
            icon={<CloseOutlined />}
            aria-label={t("upload.remove", { name: file.name })}
            onClick={() => change(files.toSpliced(index, 1))}
          />
        </li>
      ))}
    </ol>
  );
}
