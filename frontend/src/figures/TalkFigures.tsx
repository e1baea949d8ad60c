// Who spoke how much in a recording, from the version at hand, and how each figure was made.
import { DownloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, download, type Schemas, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorPage } from "../app/Feedback";
import { saveFile } from "../app/saveFile";
import { formatTime } from "../document/time";
import "./figures.css";

interface TalkFiguresProps {
  readonly id: string;
  readonly nameOf: (speaker: string | null) => string;
  readonly colorOf: (speaker: string | null) => string;
  /** Saves everything that is on the page. */
  readonly flush: () => Promise<void>;
}

export function TalkFigures({ id, nameOf, colorOf, flush }: TalkFiguresProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const figures = useQuery({
    queryKey: ["recording", id, "figures"],
    queryFn: async () => {
      await flush();
      return unwrap(api.GET("/api/recordings/{recording_id}/figures", { params: { path: { recording_id: id } } }));
    },
    enabled: open,
  });
  const save = useAction(async () =>
    saveFile("figures.csv", await download(`/api/recordings/${id}/figures/export`, new AbortController().signal)),
  );
  return (
    <details className="panel talk-figures" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("talk.name")}</summary>
      {figures.isError && <ErrorPage error={figures.error} retry={() => void figures.refetch()} />}
      {figures.data && <Shown figures={figures.data} nameOf={nameOf} colorOf={colorOf} />}
      {figures.data && (
        <Button
          size="small"
          icon={<DownloadOutlined aria-hidden />}
          loading={save.isPending}
          onClick={() => save.mutate()}
        >
          CSV
        </Button>
      )}
    </details>
  );
}

function Shown({
  figures: { speakers, silence, overlap_at_least },
  nameOf,
  colorOf,
}: { figures: Schemas["TalkFiguresOut"] } & Pick<TalkFiguresProps, "nameOf" | "colorOf">) {
  const { t } = useTranslation();
  return (
    <>
      <ul>
        {speakers.map((one) => (
          <li key={one.speaker ?? ""}>
            <strong>{nameOf(one.speaker)}</strong>{" "}
            {t("talk.share", { percent: Math.round(one.share * 100), time: formatTime(one.seconds) })}
            <Strip values={one.strip} color={colorOf(one.speaker)} />
            <small>{t("talk.details", detailsOf(one))}</small>
          </li>
        ))}
      </ul>
      <p>{t("talk.whole", { silence: formatTime(silence), overlap: formatTime(overlap_at_least) })}</p>
      <p className="secondary">{t("talk.how")}</p>
    </>
  );
}

function detailsOf(one: Schemas["SpeakerFiguresOut"]) {
  return {
    turns: one.turns,
    longest: formatTime(one.longest_turn),
    pace: one.characters_per_minute === null ? "–" : Math.round(one.characters_per_minute),
    questions: one.questions,
  };
}

/** When a speaker spoke, from the beginning to the end of the recording. */
function Strip({ values, color }: { values: readonly number[]; color: string }) {
  return (
    <svg className="strip" viewBox={`0 0 ${values.length} 1`} preserveAspectRatio="none" aria-hidden>
      {values.map((value, number) =>
        value > 0 ? (
          <rect key={number} x={number} y={0} width={1} height={1} fill={color} opacity={0.25 + 0.75 * value} />
        ) : null,
      )}
    </svg>
  );
}
