// The transcription options: engines, number of speakers, hotwords, and language model steps.
import { useQuery } from "@tanstack/react-query";
import { Form, type FormInstance, InputNumber, Segmented, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useEngineAbout, useEngines } from "../app/engines";
import { useFormats } from "../app/formats";
import { useTemplateChoices } from "../templates/templates";
import { type Choices, NO_CHOICES } from "./options";

export function useLimits() {
  return useQuery({ queryKey: ["limits"], queryFn: () => unwrap(api.GET("/api/limits")), staleTime: Infinity }).data;
}

export function OptionsForm({ form }: { form: FormInstance<Choices> }) {
  const { t } = useTranslation();
  const limits = useLimits();
  const count = Form.useWatch("count", form);
  const transcriber = Form.useWatch("transcriber", form);
  const engines = useEngines();
  const aboutEngine = useEngineAbout();
  const choices = (task: string) => [
    { value: "", label: t("upload.bestEngine"), about: "" },
    ...(engines.data ?? [])
      .filter((engine) => engine.task === task)
      .map((engine) => ({
        value: engine.name,
        label: engine.installed ? engine.label : t("upload.notInstalled", { name: engine.label }),
        disabled: !engine.installed,
        about: aboutEngine(engine),
      })),
  ];
  // The chosen engine, or the one that would be taken.
  const recognizer = engines.data?.find(({ name, task, default: taken }) =>
    transcriber ? name === transcriber : task === "transcribe" && taken,
  );
  const noHotwords = recognizer?.hotwords === false;
  const engineSelect = (task: string) => (
    <Select
      options={choices(task)}
      popupMatchSelectWidth={false}
      optionRender={({ label, data }) => (
        <div className="engine-choice">
          <span>{label}</span>
          {data.about && <small>{data.about}</small>}
        </div>
      )}
    />
  );
  const people = <InputNumber min={1} max={limits?.max_speakers} precision={0} />;
  const needed = { required: true, message: t("upload.numberMissing") };
  return (
    <Form<Choices> form={form} layout="vertical" initialValues={NO_CHOICES} className="upload-options">
      <Form.Item name="count" label={t("upload.speakers")} tooltip={t("upload.speakersAbout")}>
        <Segmented
          options={(["unknown", "exact", "range"] as const).map((value) => ({
            value,
            label: t(`upload.count.${value}`),
          }))}
        />
      </Form.Item>
      {count === "exact" && (
        <Form.Item name="exact" label={t("upload.people")} rules={[needed]}>
          {people}
        </Form.Item>
      )}
      {count === "range" && (
        <div className="two-columns">
          <Form.Item name="low" label={t("upload.atLeast")} rules={[needed]}>
            {people}
          </Form.Item>
          <Form.Item
            name="high"
            label={t("upload.atMost")}
            dependencies={["low"]}
            rules={[
              needed,
              {
                validator: (_, high: number | null) =>
                  high !== null && high < (form.getFieldValue("low") as number)
                    ? Promise.reject(new Error(t("upload.rangeReversed")))
                    : Promise.resolve(),
              },
            ]}
          >
            {people}
          </Form.Item>
        </div>
      )}
      <Form.Item
        name="hotwords"
        label={t("upload.hotwords")}
        extra={
          noHotwords
            ? t("upload.hotwordsUnsupported", { name: recognizer.label })
            : t("upload.hotwordsAbout", { count: limits?.max_hotwords ?? 50 })
        }
        rules={[{ type: "array", max: limits?.max_hotwords, message: t("upload.hotwordsMany") }]}
      >
        <Select
          mode="tags"
          open={false}
          disabled={noHotwords}
          suffixIcon={null}
          tokenSeparators={[",", "，", "、", ";", "；", "\n"]}
          placeholder={t("upload.hotwordsExample")}
        />
      </Form.Item>
      <div className="two-columns">
        <Form.Item name="transcriber" label={t("upload.transcriber")}>
          {engineSelect("transcribe")}
        </Form.Item>
        <Form.Item name="diarizer" label={t("upload.diarizer")}>
          {engineSelect("diarize")}
        </Form.Item>
      </div>
      <LanguageOption languages={recognizer?.languages ?? []} />
      <LanguageModelOptions />
    </Form>
  );
}

/** The languages that the engine can recognise. */
function LanguageOption({ languages }: { languages: string[] }) {
  const { t } = useTranslation();
  const { language } = useFormats();
  return (
    <Form.Item name="language" label={t("upload.language")} tooltip={t("upload.languageAbout")}>
      <Select
        showSearch
        optionFilterProp="label"
        disabled={languages.length < 2}
        options={[
          { value: "auto", label: t("upload.languageAuto") },
          ...languages.map((code) => ({ value: code, label: language(code) })),
        ]}
      />
    </Form.Item>
  );
}

/** The options that need a language model. */
function LanguageModelOptions() {
  const { t } = useTranslation();
  const model = useQuery({
    queryKey: ["language-model"],
    queryFn: () => unwrap(api.GET("/api/language-model")),
    staleTime: 60_000,
  });
  const { groups } = useTemplateChoices();
  const none = model.data?.configured === false;
  return (
    <div className="two-columns">
      <Form.Item name="minutes" label={t("upload.minutes")} extra={none ? t("upload.noModel") : undefined}>
        <Select disabled={none} options={[{ value: "", label: t("upload.noMinutes") }, ...groups]} />
      </Form.Item>
      <Form.Item name="polish" label={t("upload.polish")} tooltip={t("upload.polishAbout")} valuePropName="checked">
        <Switch disabled={none} aria-label={t("upload.polish")} />
      </Form.Item>
    </div>
  );
}
