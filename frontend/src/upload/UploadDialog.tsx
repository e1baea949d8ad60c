// Choosing files and what is known of them, before they are sent.
import { InboxOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Form, InputNumber, Modal, Segmented, Select, Upload } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { line } from "./line";

interface Choices {
  count: "unknown" | "exact" | "range";
  exact: number | null;
  low: number | null;
  high: number | null;
  hotwords: string[];
  transcriber: string;
  diarizer: string;
}

const NOTHING: Choices = { count: "unknown", exact: 2, low: 2, high: 6, hotwords: [], transcriber: "", diarizer: "" };

export function UploadDialog({ dropped, close }: { dropped: File[]; close: () => void }) {
  const { t } = useTranslation();
  const [files, setFiles] = useState(dropped);
  const [form] = Form.useForm<Choices>();
  const count = Form.useWatch("count", form);
  const engines = useQuery({ queryKey: ["engines"], queryFn: () => answer(api.GET("/api/engines")), staleTime: 60_000 });
  const limits = useQuery({ queryKey: ["limits"], queryFn: () => answer(api.GET("/api/limits")), staleTime: Infinity }).data;
  const tooLarge = limits ? files.filter((file) => file.size > limits.max_bytes) : [];
  const empty = files.filter((file) => file.size === 0);

  function send(choices: Choices) {
    line.add(files, {
      speakers: speakersOf(choices),
      hotwords: choices.hotwords.join(","),
      transcriber: choices.transcriber,
      diarizer: choices.diarizer,
    });
    close();
  }

  const engineChoices = (task: string) => [
    { value: "", label: t("upload.bestEngine") },
    ...(engines.data ?? [])
      .filter((engine) => engine.task === task)
      .map((engine) => ({ value: engine.name, label: engine.installed ? engine.label : t("upload.notInstalled", { name: engine.label }), disabled: !engine.installed })),
  ];

  return (
    <Modal
      open
      width={640}
      title={t("upload.title")}
      onCancel={close}
      okText={files.length > 1 ? t("upload.sendMany", { count: files.length }) : t("upload.send")}
      okButtonProps={{ disabled: files.length === 0 || tooLarge.length + empty.length > 0 }}
      onOk={() => void form.validateFields().then(() => send({ ...NOTHING, ...(form.getFieldsValue(true) as Partial<Choices>) }), () => {})}
    >
      <Upload.Dragger
        multiple
        accept="audio/*,video/*,.m4a,.mp3,.wav,.flac,.ogg,.opus,.aac,.amr,.wma,.mp4,.mov,.mkv,.webm,.avi"
        fileList={files.map((file, index) => ({ uid: String(index), name: file.name, size: file.size, status: tooLarge.includes(file) || empty.includes(file) ? ("error" as const) : undefined }))}
        beforeUpload={(file) => {
          setFiles((before) => [...before, file]);
          return Upload.LIST_IGNORE;
        }}
        onRemove={({ uid }) => setFiles((before) => before.filter((_, index) => String(index) !== uid))}
      >
        <p className="ant-upload-drag-icon"><InboxOutlined /></p>
        <p>{t("upload.drop")}</p>
        {limits && <p className="quiet">{t("upload.limits", { size: bytes(limits.max_bytes), hours: Math.round(limits.max_seconds / 360) / 10 })}</p>}
      </Upload.Dragger>
      {tooLarge.length > 0 && <p className="problem" role="alert">{t("upload.tooLarge", { names: tooLarge.map((file) => file.name).join(t("app.comma")) })}</p>}
      {empty.length > 0 && <p className="problem" role="alert">{t("upload.emptyFile", { names: empty.map((file) => file.name).join(t("app.comma")) })}</p>}
      <Form<Choices> form={form} layout="vertical" initialValues={NOTHING} className="upload-options">
        <Form.Item name="count" label={t("upload.speakers")} tooltip={t("upload.speakersAbout")}>
          <Segmented options={(["unknown", "exact", "range"] as const).map((value) => ({ value, label: t(`upload.count.${value}`) }))} />
        </Form.Item>
        {count === "exact" && (
          <Form.Item name="exact" label={t("upload.people")} rules={[{ required: true, message: t("upload.numberMissing") }]}>
            <InputNumber min={1} max={limits?.max_speakers} precision={0} />
          </Form.Item>
        )}
        {count === "range" && (
          <div className="two">
            <Form.Item name="low" label={t("upload.atLeast")} rules={[{ required: true, message: t("upload.numberMissing") }]}>
              <InputNumber min={1} max={limits?.max_speakers} precision={0} />
            </Form.Item>
            <Form.Item
              name="high"
              label={t("upload.atMost")}
              dependencies={["low"]}
              rules={[
                { required: true, message: t("upload.numberMissing") },
                { validator: (_, high: number | null) => (high !== null && high < (form.getFieldValue("low") as number) ? Promise.reject(new Error(t("upload.rangeReversed"))) : Promise.resolve()) },
              ]}
            >
              <InputNumber min={1} max={limits?.max_speakers} precision={0} />
            </Form.Item>
          </div>
        )}
        <Form.Item
          name="hotwords"
          label={t("upload.hotwords")}
          extra={t("upload.hotwordsAbout", { count: limits?.max_hotwords ?? 50 })}
          rules={[{ type: "array", max: limits?.max_hotwords, message: t("upload.hotwordsMany") }]}
        >
          <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[",", "，", "、", ";", "；", "\n"]} placeholder={t("upload.hotwordsExample")} />
        </Form.Item>
        <div className="two">
          <Form.Item name="transcriber" label={t("upload.transcriber")}><Select options={engineChoices("transcribe")} /></Form.Item>
          <Form.Item name="diarizer" label={t("upload.diarizer")}><Select options={engineChoices("diarize")} /></Form.Item>
        </div>
      </Form>
    </Modal>
  );
}

function speakersOf({ count, exact, low, high }: Choices): string {
  if (count === "exact") return String(exact);
  return count === "range" ? `${low}-${high}` : "";
}

function bytes(size: number): string {
  return size >= 1024 ** 3 ? `${Math.round((10 * size) / 1024 ** 3) / 10} GB` : `${Math.round(size / 1024 ** 2)} MB`;
}
