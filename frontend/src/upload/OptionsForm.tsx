// The transcription options: the number of people, and folded below it hotwords, language, language model and engines.
import { useQuery } from "@tanstack/react-query";
import { Collapse, Form, type FormInstance, InputNumber, Segmented, Select, Switch } from "antd";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useEngineAbout, useEngines } from "../app/engines";
import { useFormats } from "../app/formats";
import { useTemplateChoices } from "../templates/templates";
import { type Choices, NO_CHOICES } from "./options";
import { recognizerOf } from "./recognizer";
import { changedCount, withoutMissing } from "./rememberedChoices";

export function useLimits() {
  return useQuery({ queryKey: ["limits"], queryFn: () => unwrap(api.GET("/api/limits")), staleTime: Infinity }).data;
}

function useLanguageModel() {
  return useQuery({
    queryKey: ["language-model"],
    queryFn: () => unwrap(api.GET("/api/language-model")),
    staleTime: 60_000,
  }).data;
}

/** `initial` are the values it opens with; an engine or a template among them that is gone is left out. */
export function OptionsForm({ form, initial = NO_CHOICES }: { form: FormInstance<Choices>; initial?: Choices }) {
  const { t } = useTranslation();
  useOnlyOffered(form);
  const changed = Form.useWatch((choices: Choices) => changedCount(choices), form);
  return (
    <Form<Choices> form={form} layout="vertical" initialValues={initial} className="upload-options">
      <PeopleFields form={form} />
      <Collapse
        ghost
        items={[
          {
            key: "more",
            forceRender: true,
            label: changed ? t("upload.moreOptionsChanged", { count: changed }) : t("upload.moreOptions"),
            children: <MoreOptions form={form} />,
          },
        ]}
      />
    </Form>
  );
}

/** Takes out of the form what this server no longer offers, as soon as that is known. */
function useOnlyOffered(form: FormInstance<Choices>) {
  const engines = useEngines().data;
  const model = useLanguageModel();
  const templates = useTemplateChoices().found.data;
  useEffect(() => {
    if (!engines || !model || !templates) return;
    const chosen = { ...NO_CHOICES, ...(form.getFieldsValue(true) as Partial<Choices>) };
    form.setFieldsValue(withoutMissing(chosen, { engines, templates, languageModel: model.configured }));
  }, [form, engines, model, templates]);
}

/** The number of people, if one knows it. */
function PeopleFields({ form }: { form: FormInstance<Choices> }) {
  const { t } = useTranslation();
  const limits = useLimits();
  const count = Form.useWatch("count", form);
  const people = <InputNumber min={1} max={limits?.max_speakers} precision={0} />;
  const needed = { required: true, message: t("upload.numberMissing") };
  return (
    <>
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
    </>
  );
}

function MoreOptions({ form }: { form: FormInstance<Choices> }) {
  const { t } = useTranslation();
  const limits = useLimits();
  const transcriber = Form.useWatch("transcriber", form);
  const engines = useEngines();
  const recognizer = recognizerOf(engines.data ?? [], transcriber ?? "");
  const noHotwords = recognizer?.hotwords === false;
  return (
    <>
      <LanguageModelOptions />
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
      <LanguageOption languages={recognizer?.languages ?? []} />
      <Collapse
        ghost
        items={[{ key: "engines", forceRender: true, label: t("upload.engines"), children: <EngineOptions /> }]}
      />
    </>
  );
}

/** The installed engines, for those who want a certain one. */
function EngineOptions() {
  const { t } = useTranslation();
  const engines = useEngines();
  const aboutEngine = useEngineAbout();
  const select = (task: string) => (
    <Select
      options={[
        { value: "", label: t("upload.bestEngine"), about: "" },
        ...(engines.data ?? [])
          .filter((engine) => engine.task === task && engine.installed)
          .map((engine) => ({ value: engine.name, label: engine.label, about: aboutEngine(engine) })),
      ]}
      popupMatchSelectWidth={false}
      optionRender={({ label, data }) => (
        <div className="engine-choice">
          <span>{label}</span>
          {data.about && <small>{data.about}</small>}
        </div>
      )}
    />
  );
  return (
    <div className="two-columns">
      <Form.Item name="transcriber" label={t("upload.transcriber")}>
        {select("transcribe")}
      </Form.Item>
      <Form.Item name="diarizer" label={t("upload.diarizer")}>
        {select("diarize")}
      </Form.Item>
    </div>
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
  const { groups } = useTemplateChoices();
  const none = useLanguageModel()?.configured === false;
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
