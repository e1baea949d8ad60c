// A field for the text of a comment.
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

const MAX_CHARACTERS = 5000;

interface CommentFormProps {
  readonly label: string;
  readonly text?: string;
  readonly busy: boolean;
  readonly save: (text: string) => void;
  readonly cancel?: () => void;
}

export function CommentForm({ label, text = "", busy, save, cancel }: CommentFormProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(text);
  return (
    <div className="comment-form">
      <Input.TextArea
        autoFocus={cancel !== undefined} // the form of a new comment appears while text is still being selected
        autoSize={{ minRows: 2, maxRows: 8 }}
        maxLength={MAX_CHARACTERS}
        aria-label={label}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button type="primary" size="small" disabled={!typed.trim()} loading={busy} onClick={() => save(typed)}>
        {t("comments.send")}
      </Button>
      {cancel && (
        <Button type="text" size="small" onClick={cancel}>
          {t("comments.cancel")}
        </Button>
      )}
    </div>
  );
}
