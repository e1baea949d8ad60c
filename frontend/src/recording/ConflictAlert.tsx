// What both this page and somebody else changed: both texts, and the choice of one or both for each.
import { Alert, Button, Radio, Space } from "antd";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { textDifference } from "../document/diff";
import { type Choice, merge, type SegmentConflict } from "../document/merge";
import { formatTime } from "../document/time";
import type { Doc, Segment } from "../document/types";
import { useNames } from "./names";

interface ConflictAlertProps {
  base: Doc;
  mine: Doc;
  theirs: Doc;
  decide: (choose: (key: string) => Choice) => void;
}

export function ConflictAlert({ base, mine, theirs, decide }: ConflictAlertProps) {
  const { t } = useTranslation();
  const found = useMemo(() => merge(base, mine, theirs), [base, mine, theirs]);
  const [choices, setChoices] = useState<ReadonlyMap<string, Choice>>(new Map());
  const nameOf = useNames(base.speakers);
  const keys = [...found.conflicts, ...found.names].map((one) => one.key);
  const open = keys.filter((key) => !choices.has(key)).length;
  const latest = useRef(decide);
  useEffect(() => {
    latest.current = decide;
  });
  // An undo may leave nothing to decide.
  useEffect(() => {
    if (keys.length === 0) latest.current(() => "theirs");
  }, [keys.length]);
  const chooseAll = (choice: Choice) => setChoices(new Map(keys.map((key) => [key, choice])));
  const choice = (key: string) => ({
    chosen: choices.get(key),
    choose: (one: Choice) => setChoices(new Map([...choices, [key, one]])),
  });
  return (
    <Alert
      type="warning"
      showIcon
      banner
      className="conflict"
      title={t("conflict.title", { count: keys.length })}
      description={
        <>
          <p>{t("conflict.about")}</p>
          <div className="conflict-list">
            {found.names.map((one) => (
              <Question
                key={one.key}
                title={t("conflict.nameOf", { name: nameOf(one.id) })}
                mine={one.mine ?? t("conflict.noName")}
                theirs={one.theirs ?? t("conflict.noName")}
                {...choice(one.key)}
              />
            ))}
            {found.conflicts.map((one) => (
              <SegmentQuestion key={one.key} conflict={one} mine={mine} theirs={theirs} {...choice(one.key)} />
            ))}
          </div>
          <Space wrap>
            <Button type="primary" disabled={open > 0} onClick={() => decide((key) => choices.get(key) ?? "theirs")}>
              {t("conflict.save")}
            </Button>
            {keys.length > 1 && (
              <>
                <Button onClick={() => chooseAll("mine")}>{t("conflict.allMine")}</Button>
                <Button onClick={() => chooseAll("theirs")}>{t("conflict.allTheirs")}</Button>
              </>
            )}
          </Space>
        </>
      }
    />
  );
}

interface Chosen {
  chosen: Choice | undefined;
  choose: (choice: Choice) => void;
}

function SegmentQuestion({
  conflict,
  mine,
  theirs,
  ...chosen
}: { conflict: SegmentConflict; mine: Doc; theirs: Doc } & Chosen) {
  const { t } = useTranslation();
  const [ours, others] = [useNames(mine.speakers), useNames(theirs.speakers)];
  const [my, their] = [conflict.mine, conflict.theirs].map((side) => side.map((one) => one.text).join("\n"));
  const pieces = useMemo(() => textDifference(their!, my!), [their, my]);
  const show = (segments: readonly Segment[], nameOf: typeof ours, own: "added" | "removed") => {
    if (segments.length === 0) return <em>{t("conflict.deleted")}</em>;
    if (segments.length > 1)
      return segments.map((one) => (
        <span key={one.id} className="conflict-part">
          {nameOf(one.speaker)} · {one.text}
        </span>
      ));
    const shown = pieces.filter((piece) => piece.kind === "same" || piece.kind === own);
    return (
      <>
        {nameOf(segments[0]!.speaker)}
        {" · "}
        {shown.map(({ kind, text }, at) => (kind === own ? <mark key={at}>{text}</mark> : text))}
      </>
    );
  };
  const [first] = [...conflict.base, ...conflict.mine, ...conflict.theirs];
  return (
    <Question
      title={formatTime(first!.start)}
      mine={show(conflict.mine, ours, "added")}
      theirs={show(conflict.theirs, others, "removed")}
      both
      {...chosen}
    />
  );
}

interface QuestionProps extends Chosen {
  title: string;
  mine: ReactNode;
  theirs: ReactNode;
  /** Whether both can be kept. */
  both?: boolean;
}

function Question({ title, mine, theirs, both = false, chosen, choose }: QuestionProps) {
  const { t } = useTranslation();
  return (
    <Radio.Group
      className="conflict-question"
      aria-label={t("conflict.of", { what: title })}
      value={chosen}
      onChange={(event) => choose(event.target.value as Choice)}
    >
      <strong className="time">{title}</strong>
      <Radio value="mine">
        <b>{t("conflict.mine")}</b> {mine}
      </Radio>
      <Radio value="theirs">
        <b>{t("conflict.theirs")}</b> {theirs}
      </Radio>
      {both && <Radio value="both">{t("conflict.both")}</Radio>}
    </Radio.Group>
  );
}
