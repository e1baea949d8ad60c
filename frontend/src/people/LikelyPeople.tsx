// Who the speakers without a name may be, with clips to compare. Nothing is named until somebody accepts it.
import { useQuery } from "@tanstack/react-query";
import { Button, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import type { Doc } from "../document/types";
import { useNames } from "../recording/names";
import { Clips, useClipPlayer } from "./Clips";
import { PersonDialog } from "./PersonDialog";
import { type Clip, likelyPeople, people } from "./queries";

interface LikelyPeopleProps {
  id: string;
  doc: Doc;
  /** Saves everything that is on the page. */
  flush: () => Promise<void>;
  /** Loads the newest version from the server. */
  reload: () => Promise<void>;
  /** Stops what else is playing. */
  pause: () => void;
}

export function LikelyPeople({ id, doc, flush, reload, pause }: LikelyPeopleProps) {
  const { t } = useTranslation();
  const nameOf = useNames(doc.speakers);
  const found = useQuery(likelyPeople(id)).data;
  const on = found !== undefined && found.voices !== "off";
  const known = new Map(useQuery({ ...people(), enabled: on }).data?.people.map((one) => [one.id, one.name]));
  const playClip = useClipPlayer();
  const [later, setLater] = useState<readonly string[]>([]);
  const [choosing, setChoosing] = useState<readonly string[]>([]);
  const accept = async (speaker: string, person: string) => {
    await flush();
    const path = { recording_id: id, speaker };
    await unwrap(
      api.PUT("/api/recordings/{recording_id}/people/{speaker}", {
        params: { path },
        body: { person_id: person },
      }),
    );
    await reload();
  };
  const invalidates = ["likely-people", "people"];
  const accepting = useAction(({ speaker, person }: Pair) => accept(speaker, person), { invalidates });
  const refusing = useAction(
    ({ speaker, person }: Pair) =>
      unwrap(
        api.POST("/api/recordings/{recording_id}/people/{speaker}/refusals", {
          params: { path: { recording_id: id, speaker } },
          body: { person_id: person },
        }),
      ),
    { invalidates },
  );
  if (!on) return null;
  const busy = accepting.isPending || refusing.isPending;
  const unnamed = new Set(doc.speakers.filter((one) => !one.name).map((one) => one.id));
  const rows = found.speakers.filter((one) => unnamed.has(one.speaker) && !later.includes(one.speaker));
  const unknown = found.speakers.filter((one) => one.seconds !== null && one.sample_of === null);
  const play = (clip: Clip) => {
    pause();
    playClip(clip);
  };
  return (
    <div className="likely-people">
      <ul className="difference" aria-label={t("people.likely")}>
        {rows.map(({ speaker, clips, suggestion }) => {
          const name = suggestion && known.get(suggestion.person_id);
          if (!suggestion || !name) return null;
          const pair = { speaker, person: suggestion.person_id };
          return (
            <li key={speaker}>
              <div className="difference-head">
                {nameOf(speaker)} {t("people.like")} <strong>{name}</strong> ·{" "}
                <span title={t("people.similarity", { value: suggestion.similarity })}>
                  {suggestion.strong ? t("people.strong") : t("people.possible")}
                </span>
                {suggestion.expected && ` · ${t("people.expected")}`}
              </div>
              <Clips name={nameOf(speaker)} clips={clips} play={play} />
              <Clips name={name} clips={suggestion.clips} play={play} />
              <Space wrap>
                <Button size="small" type="primary" disabled={busy} onClick={() => accepting.mutate(pair)}>
                  {t("people.accept", { name })}
                </Button>
                <Button size="small" disabled={busy} onClick={() => setChoosing([speaker])}>
                  {t("people.somebodyElse")}
                </Button>
                <Button size="small" disabled={busy} onClick={() => setLater((before) => [...before, speaker])}>
                  {t("people.later")}
                </Button>
                <Button size="small" disabled={busy} onClick={() => refusing.mutate(pair)}>
                  {t("people.never", { name })}
                </Button>
              </Space>
            </li>
          );
        })}
      </ul>
      {unknown.length > 0 && (
        <Button size="small" block onClick={() => setChoosing(unknown.map((one) => one.speaker))}>
          {t("people.remember")}
        </Button>
      )}
      {choosing.length > 0 && (
        <PersonDialog
          speakers={choosing.map((one) => ({
            id: one,
            label: nameOf(one),
            name: doc.speakers.find((speaker) => speaker.id === one)?.name ?? null,
          }))}
          accept={async (speaker, person) => {
            await accepting.mutateAsync({ speaker, person });
          }}
          close={() => setChoosing([])}
        />
      )}
    </div>
  );
}

interface Pair {
  readonly speaker: string;
  readonly person: string;
}
