// A text difference: removed text struck out, added text underlined.
import { useTranslation } from "react-i18next";
import type { Piece } from "../document/diff";

export function DiffText({ pieces }: { pieces: readonly Piece[] }) {
  const { t } = useTranslation();
  return (
    <>
      {pieces.map((piece, number) =>
        piece.kind === "same" ? (
          <span key={number}>{piece.text}</span>
        ) : piece.kind === "removed" ? (
          <del key={number}>
            <span className="visually-hidden">{t("diff.out")}</span>
            {piece.text}
          </del>
        ) : (
          <ins key={number}>
            <span className="visually-hidden">{t("diff.in")}</span>
            {piece.text}
          </ins>
        ),
      )}
    </>
  );
}
