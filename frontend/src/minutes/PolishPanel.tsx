// The polish as a diff to review: each segment before and after, accepted or reverted.
import { Button, Empty, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Schemas, unwrap } from "../api/client";
import { ShowMore } from "../app/ShowMore";
import { textDifference } from "../document/diff";
import { DiffText } from "../recording/DiffText";
import { Citation, type SegmentLinks } from "./citations";
import { AiNote } from "./languageModel";
import { DecideAll, ReviewPanel } from "./ReviewPanel";
import { type EditedDocument, useReview } from "./useReview";

type Change = Schemas["Change"];

/** Changes shown at first. */
const PAGE = 100;
const REASONS = ["empty", "markup", "length", "numbers", "names", "negation", "hotwords", "rewritten"] as const;

interface PolishPanelProps extends EditedDocument {
  id: string;
  links: SegmentLinks;
}

export function PolishPanel({ id, links, ...document }: PolishPanelProps) {
  const { t } = useTranslation();
  const params = { path: { recording_id: id } };
  const review = useReview<Schemas["PolishAnswer"], string>({
    id,
    kind: "polish",
    load: () => unwrap(api.GET("/api/recordings/{recording_id}/polish", { params })),
    start: () => unwrap(api.POST("/api/recordings/{recording_id}/polish", { params })),
    ...document,
  });
  const busy = review.pending.length > 0;
  const decide = (accept: string[], reject: string[]) =>
    review.run("all", async () => {
      await unwrap(
        api.POST("/api/recordings/{recording_id}/polish/review", {
          params,
          body: { based_on: document.base(), accept, reject },
        }),
      );
      await document.reload();
    });

  return (
    <ReviewPanel review={review}>
      {({ changes, refused }) => {
        const withStanding = (standing: Change["standing"]) =>
          changes.filter((one) => one.standing === standing).map((one) => one.segment);
        const accepted = withStanding("polished");
        const reverted = withStanding("raw");
        return (
          <>
            <p role="status">{t("polish.count", { count: changes.length, taken: accepted.length })}</p>
            {changes.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("polish.nothing")} />}
            <DecideAll
              acceptText={t("polish.acceptAll")}
              rejectText={t("polish.rejectAll")}
              question={t("polish.rejectSure")}
              accept={reverted.length > 0 ? () => void decide(reverted, []) : undefined}
              reject={accepted.length > 0 ? () => decide([], accepted) : undefined}
              busy={busy}
            />
            <Changes changes={changes} busy={busy} links={links} decide={decide} />
            {refused.length > 0 && (
              <details>
                <summary>{t("polish.refused", { count: refused.length })}</summary>
                <ul className="difference">
                  {refused.slice(0, PAGE).map((one) => (
                    <li key={one.segment}>
                      <div className="difference-head">
                        <Citation id={one.segment} links={links} /> <em>{reason(one.reason)}</em>
                      </div>
                      <p>
                        <DiffText pieces={textDifference(one.before, one.after)} />
                      </p>
                    </li>
                  ))}
                </ul>
              </details>
            )}
            <AiNote />
          </>
        );
      }}
    </ReviewPanel>
  );

  function reason(code: string): string {
    const known = REASONS.find((one) => one === code);
    return known ? t(`polish.reasons.${known}`) : code;
  }
}

interface ChangesProps {
  changes: readonly Change[];
  busy: boolean;
  links: SegmentLinks;
  decide: (accept: string[], reject: string[]) => Promise<unknown>;
}

function Changes({ changes, busy, links, decide }: ChangesProps) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(PAGE);
  return (
    <>
      <ol className="difference">
        {changes.slice(0, shown).map(({ segment, standing, before, after }) => (
          <li key={segment} data-standing={standing}>
            <div className="difference-head">
              <Citation id={segment} links={links} />
              {standing === "edited" || standing === "gone" ? (
                <em>{t(`polish.standing.${standing}`)}</em>
              ) : (
                <Space.Compact>
                  <Button
                    size="small"
                    type={standing === "polished" ? "primary" : "default"}
                    aria-pressed={standing === "polished"}
                    disabled={busy}
                    onClick={() => void decide([segment], [])}
                  >
                    {t("polish.accept")}
                  </Button>
                  <Button
                    size="small"
                    type={standing === "raw" ? "primary" : "default"}
                    aria-pressed={standing === "raw"}
                    disabled={busy}
                    onClick={() => void decide([], [segment])}
                  >
                    {t("polish.reject")}
                  </Button>
                </Space.Compact>
              )}
            </div>
            <p>
              <DiffText pieces={textDifference(before, after)} />
            </p>
          </li>
        ))}
      </ol>
      <ShowMore left={changes.length - shown} onClick={() => setShown(shown + PAGE)} />
    </>
  );
}
