// The form that asks for the access code.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Schemas, unwrap } from "../api/client";
import { useErrorText } from "./useErrorText";

export function CodeForm({ id, opened }: { id: string; opened: (shared: Schemas["SharedRecording"]) => void }) {
  const { t } = useTranslation();
  const words = useErrorText();
  const [code, setCode] = useState("");
  const open = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/shares/{share_id}/open", { params: { path: { share_id: id } }, body: { access_code: code } }),
      ),
    onSuccess: opened,
  });
  return (
    <main className="share-centered">
      <h1>{t("shared.title")}</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          open.mutate();
        }}
      >
        <label htmlFor="access-code">{t("shared.about")}</label>
        <input
          id="access-code"
          value={code}
          onChange={(event) => setCode(event.target.value)}
          aria-invalid={open.isError}
          aria-describedby={open.isError ? "access-problem" : undefined}
          placeholder="XXXX-XXXX"
          maxLength={64}
          autoFocus
          required
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
        />
        {open.isError && (
          <p id="access-problem" role="alert">
            {words(open.error)}
          </p>
        )}
        <button type="submit" disabled={open.isPending}>
          {open.isPending ? t("shared.opening") : t("shared.open")}
        </button>
      </form>
    </main>
  );
}
