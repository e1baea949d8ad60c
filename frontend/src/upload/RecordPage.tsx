// The recorder: what to record, then level, spectrum, marks and notes while it runs.
import { AudioOutlined, PauseOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Card, Checkbox, Form, Input, Radio, Select } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { currentUser } from "../account/queries";
import { usePageTitle } from "../app/pageTitle";
import { CaptureError, type CaptureProblem, type CaptureSource, canCaptureScreen, microphones } from "./capture";
import { OptionsForm } from "./OptionsForm";
import { type Choices, NO_CHOICES, optionsOf } from "./options";
import { uploadLocalRecording } from "./pageQueue";
import { pageRecorder, useRecorder } from "./pageRecorder";
import { RecordingNotes } from "./RecordingNotes";
import { microphoneProblem } from "./recorder";
import { rememberChoices, rememberedChoices } from "./rememberedChoices";
import { SoundMeter } from "./SoundMeter";
import "./record.css";

type Problem = CaptureProblem | "insecure" | "unsupported";

export function RecordPage() {
  const { t } = useTranslation();
  usePageTitle(t("record.title"));
  const user = useQuery(currentUser()).data?.id;
  const { recorder, name, full } = useRecorder();
  const [form] = Form.useForm<Choices>();
  useEffect(
    () => () => {
      if (pageRecorder.snapshot().recorder)
        pageRecorder.choices = { ...NO_CHOICES, ...(form.getFieldsValue(true) as Partial<Choices>) };
    },
    [form],
  );
  return (
    <section className="page narrow record-page">
      <header className="page-head">
        <h1>{t("record.title")}</h1>
      </header>
      {full && <Alert className="spaced" type="error" showIcon role="alert" title={t("record.problems.full")} />}
      {user && (recorder ? <Running user={user} form={form} /> : <Setup user={user} />)}
      {user && (
        <Card>
          <Form layout="vertical">
            <Form.Item label={t("record.name")} htmlFor="record-name">
              <Input
                id="record-name"
                value={name}
                maxLength={255}
                placeholder={t("record.nameAbout")}
                onChange={(event) => pageRecorder.rename(event.target.value)}
              />
            </Form.Item>
          </Form>
          <OptionsForm form={form} initial={pageRecorder.choices ?? rememberedChoices(user)} />
        </Card>
      )}
    </section>
  );
}

/** Before it runs: consent, what to record, and the button. */
function Setup({ user }: { user: string }) {
  const { t } = useTranslation();
  const [agreed, setAgreed] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(microphoneProblem);
  const [source, setSource] = useState<CaptureSource>("microphone");
  const [device, setDevice] = useState("");
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([]);
  useEffect(() => {
    const look = () => void microphones().then(setDevices, () => {});
    look();
    navigator.mediaDevices?.addEventListener("devicechange", look);
    return () => navigator.mediaDevices?.removeEventListener("devicechange", look);
  }, []);

  async function begin() {
    setProblem(null);
    try {
      await pageRecorder.begin(source, device, user);
    } catch (error) {
      setProblem(error instanceof CaptureError ? error.problem : "unsupported");
    }
  }

  return (
    <Card className="record-card">
      {problem && (
        <Alert className="spaced" type="error" showIcon role="alert" title={t(`record.problems.${problem}`)} />
      )}
      <p>{t("record.consent")}</p>
      <Checkbox checked={agreed} onChange={(event) => setAgreed(event.target.checked)}>
        {t("record.agreed")}
      </Checkbox>
      <Button
        type="primary"
        size="large"
        block
        className="record-button"
        icon={<AudioOutlined aria-hidden />}
        disabled={!agreed || problem === "insecure" || problem === "unsupported"}
        onClick={() => void begin()}
      >
        {t("record.begin")}
      </Button>
      {canCaptureScreen() && (
        <Radio.Group
          className="record-source"
          aria-label={t("record.source")}
          value={source}
          onChange={(event) => setSource(event.target.value as CaptureSource)}
          options={[
            { value: "microphone", label: t("record.microphone") },
            { value: "both", label: t("record.both") },
          ]}
        />
      )}
      {source === "both" && <p className="secondary">{t("record.bothAbout")}</p>}
      {devices.length > 0 && (
        <Select
          className="record-device"
          aria-label={t("record.device")}
          value={device}
          onChange={setDevice}
          options={[
            { value: "", label: t("record.defaultDevice") },
            ...devices.map(({ deviceId, label }) => ({ value: deviceId, label })),
          ]}
        />
      )}
    </Card>
  );
}

/** While it runs: time, level, spectrum, notes, and the buttons. */
function Running({ user, form }: { user: string; form: ReturnType<typeof Form.useForm<Choices>>[0] }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { recorder, paused } = useRecorder();
  const [ending, setEnding] = useState(false);

  async function end() {
    await form.validateFields();
    setEnding(true);
    const choices = { ...NO_CHOICES, ...(form.getFieldsValue(true) as Partial<Choices>) };
    rememberChoices(user, choices);
    const recording = await pageRecorder.stop();
    if (recording) await uploadLocalRecording(recording, optionsOf(choices));
    void navigate("/");
  }

  return (
    <Card className="record-card">
      <p role="status">
        {paused ? t("record.paused") : t("record.now")} · {t("record.storedHere")}
      </p>
      {recorder && <SoundMeter recorder={recorder} />}
      <div className="record-buttons">
        <Button
          size="large"
          icon={paused ? <AudioOutlined aria-hidden /> : <PauseOutlined aria-hidden />}
          onClick={() => pageRecorder.togglePause()}
        >
          {paused ? t("record.resume") : t("record.pause")}
        </Button>
        <Button size="large" type="primary" loading={ending} onClick={() => void end().catch(() => {})}>
          {t("record.end")}
        </Button>
        <Button size="large" type="text" onClick={() => void pageRecorder.stop().then(() => navigate("/"))}>
          {t("record.stopOnly")}
        </Button>
      </div>
      <RecordingNotes />
    </Card>
  );
}
