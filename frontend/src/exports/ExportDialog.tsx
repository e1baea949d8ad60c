// The export dialog: format, content and a preview.
import { useQuery } from "@tanstack/react-query";
import { Checkbox, Modal, Radio, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { currentUser } from "../account/queries";
import { SCRIPTS, useWrittenForm } from "../app/writtenForm";
import { FORMATS, lastOptions, type Options, sample, supportedOptions, withoutMarks } from "./options";
import { type RecordingRef, useExport } from "./useExport";
import "./exports.css";

const CHOICES = ["times", "speakers", "punctuation", "written_numbers", "bom"] as const;

export function ExportDialog({
  recordings,
  close,
  before,
}: {
  recordings: readonly RecordingRef[];
  close: () => void;
  before?: () => Promise<void>;
}) {
  const { t } = useTranslation();
  const form = useWrittenForm(useQuery(currentUser()).data?.id);
  const [changed, setChanged] = useState<Partial<Options>>({});
  const options = { ...lastOptions(form), ...changed };
  const { run, busy } = useExport(form, before);
  const many = recordings.length > 1;
  const known = supportedOptions(options.format);
  const change = (part: Partial<Options>) => setChanged((now) => ({ ...now, ...part }));
  const note =
    options.format === "json"
      ? t("export.all")
      : options.format === "srt" || options.format === "vtt"
        ? t("export.timed")
        : null;
  return (
    <Modal
      open
      width={560}
      title={many ? t("export.titleMany", { count: recordings.length }) : t("export.title")}
      okText={many ? t("export.downloadMany") : t("export.download")}
      confirmLoading={busy}
      onCancel={close}
      onOk={() => void run(recordings, options).then((done) => done && close())}
    >
      <div className="export">
        <section aria-label={t("export.format")}>
          <h3>{t("export.format")}</h3>
          <Radio.Group
            className="export-formats"
            value={options.format}
            onChange={(event) => change({ format: event.target.value as Options["format"] })}
          >
            {FORMATS.map((format) => (
              <Radio key={format} value={format}>
                {t(`export.${format}`)}
              </Radio>
            ))}
          </Radio.Group>
        </section>
        <section aria-label={t("export.shows")}>
          <h3>{t("export.shows")}</h3>
          <div className="export-choices">
            {CHOICES.filter((name) => known[name]).map((name) => (
              <Checkbox
                key={name}
                checked={options[name]}
                onChange={(event) => change({ [name]: event.target.checked })}
              >
                {t(`export.${name}`)}
              </Checkbox>
            ))}
            {note && <small>{note}</small>}
          </div>
        </section>
        <section>
          <h3 id="export-script">{t("export.script")}</h3>
          <Select
            className="export-script"
            aria-labelledby="export-script"
            value={options.script}
            options={SCRIPTS.map((value) => ({ value, label: t(`export.${value}`) }))}
            onChange={(script) => change({ script })}
          />
        </section>
        <section aria-label={t("export.preview")}>
          <h3>{t("export.preview")}</h3>
          <pre className="export-sample" tabIndex={0}>
            {sample(options, useSampleWords(options))}
          </pre>
          <small>{t("export.previewAbout")}</small>
          <br />
          <small>{many ? t("export.many") : t("export.one")}</small>
        </section>
      </div>
    </Modal>
  );
}

/** The speaker and the text of the preview in the form that was chosen. */
function useSampleWords({ format, script, written_numbers, punctuation }: Options) {
  const { t } = useTranslation();
  const supported = supportedOptions(format);
  const number = written_numbers && supported.written_numbers ? "320" : t("export.sampleNumber");
  const text = t(`export.samples.${script}`, { number });
  const simplified = script === "as_is" || script === "simplified";
  return {
    speaker: simplified ? t("export.sampleSpeaker") : t("export.sampleSpeakerTraditional"),
    text: punctuation || !supported.punctuation ? text : withoutMarks(text),
  };
}
