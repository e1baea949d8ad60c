// The dialog for microphone recordings: consent, level and duration, then upload.
import { AudioOutlined, PauseOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, App, Button, Checkbox, Form, Modal } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { currentUser } from "../account/queries";
import { formatTime } from "../document/time";
import { fileOf } from "./localRecordings";
import { Microphone, microphoneProblem } from "./microphone";
import { OptionsForm } from "./OptionsForm";
import { type Choices, NO_CHOICES, optionsOf } from "./options";
import { uploadQueue } from "./pageQueue";

type Problem = "insecure" | "unsupported" | "refused" | "none" | "busy" | "full";

export function RecordDialog({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const user = useQuery(currentUser()).data?.id;
  const [agreed, setAgreed] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(microphoneProblem);
  const [microphone, setMicrophone] = useState<Microphone | null>(null);
  const [paused, setPaused] = useState(false);
  const [ending, setEnding] = useState(false);
  const [form] = Form.useForm<Choices>();
  useEffect(() => {
    if (!microphone) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => {
      removeEventListener("beforeunload", warn);
      void microphone.stop();
    };
  }, [microphone]);

  async function begin() {
    setProblem(null);
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      setMicrophone(new Microphone(stream, user!, () => setProblem("full")));
    } catch (error) {
      const name = error instanceof DOMException ? error.name : "";
      setProblem(name === "NotAllowedError" ? "refused" : name === "NotFoundError" ? "none" : "busy");
    }
  }

  async function end() {
    await form.validateFields();
    setEnding(true);
    const recording = await microphone!.stop();
    const options = optionsOf({ ...NO_CHOICES, ...(form.getFieldsValue(true) as Partial<Choices>) });
    if (recording.pieces > 0)
      uploadQueue.add({ name: null, files: [await fileOf(recording)], options, take: recording.id });
    close();
  }

  function confirmClose() {
    if (!microphone) return close();
    modal.confirm({
      title: t("record.leaveTitle"),
      content: t("record.leaveAbout"),
      okText: t("record.leave"),
      onOk: async () => {
        await microphone.stop();
        dispatchEvent(new Event("local-recordings-changed"));
        close();
      },
    });
  }

  return (
    <Modal
      open
      width={560}
      title={t("record.title")}
      mask={{ closable: false }}
      onCancel={confirmClose}
      footer={
        microphone ? (
          <>
            <Button
              icon={paused ? <AudioOutlined aria-hidden /> : <PauseOutlined aria-hidden />}
              onClick={() => {
                if (paused) microphone.resume();
                else microphone.pause();
                setPaused(!paused);
              }}
            >
              {paused ? t("record.resume") : t("record.pause")}
            </Button>
            <Button type="primary" loading={ending} onClick={() => void end()}>
              {t("record.end")}
            </Button>
          </>
        ) : (
          <Button
            type="primary"
            icon={<AudioOutlined aria-hidden />}
            disabled={!agreed || !user || problem === "insecure" || problem === "unsupported"}
            onClick={() => void begin()}
          >
            {t("record.begin")}
          </Button>
        )
      }
    >
      {problem && (
        <Alert className="spaced" type="error" showIcon role="alert" title={t(`record.problems.${problem}`)} />
      )}
      {microphone ? (
        <Meter microphone={microphone} paused={paused} />
      ) : (
        <>
          <Alert
            className="spaced"
            type="info"
            showIcon
            title={t("record.consentTitle")}
            description={t("record.consent")}
          />
          <Checkbox checked={agreed} onChange={(event) => setAgreed(event.target.checked)}>
            {t("record.agreed")}
          </Checkbox>
        </>
      )}
      <OptionsForm form={form} />
    </Modal>
  );
}

/** Updates the level and the time once per frame, without rendering React. */
function Meter({ microphone, paused }: { microphone: Microphone; paused: boolean }) {
  const { t } = useTranslation();
  const bar = useRef<HTMLDivElement>(null);
  const time = useRef<HTMLElement>(null);
  useEffect(() => {
    let frame = requestAnimationFrame(function look() {
      const level = microphone.level();
      if (bar.current) {
        bar.current.style.setProperty("--level", String(level));
        bar.current.ariaValueNow = String(Math.round(level * 100));
      }
      if (time.current) time.current.textContent = formatTime(microphone.seconds());
      frame = requestAnimationFrame(look);
    });
    return () => cancelAnimationFrame(frame);
  }, [microphone]);
  return (
    <section className="recording-now">
      <p role="status">
        {paused ? t("record.paused") : t("record.now")} · {t("record.storedHere")}
      </p>
      <strong ref={time} role="timer" aria-label={t("record.time")}>
        00:00
      </strong>
      <div
        ref={bar}
        className="audio-level"
        role="meter"
        aria-label={t("record.level")}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={0}
      />
    </section>
  );
}
