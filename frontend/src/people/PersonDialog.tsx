// Says who a speaker is: somebody who is known, or a new person with their consent.
import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Form, Input, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useAction } from "../api/useAction";
import { ErrorAlert } from "../app/Feedback";
import { people } from "./queries";

interface Choice {
  speaker: string;
  person?: string;
  name?: string;
  consents?: boolean;
  how?: string;
}

/** The value of the choice that adds a person. */
const NEW = "";

interface PersonDialogProps {
  speakers: readonly { readonly id: string; readonly label: string; readonly name: string | null }[];
  accept: (speaker: string, person: string) => Promise<void>;
  close: () => void;
}

export function PersonDialog({ speakers, accept, close }: PersonDialogProps) {
  const { t } = useTranslation();
  const known = useQuery(people()).data?.people ?? [];
  const [form] = Form.useForm<Choice>();
  const person = Form.useWatch("person", form);
  const save = useAction(
    async ({ speaker, person, name, consents, how }: Choice) => {
      const consent = consents ? { at: new Date().toISOString(), how: how ?? "" } : null;
      const id =
        person || (await unwrap(api.POST("/api/people", { body: { name: name ?? "", note: "", consent } }))).id;
      await accept(speaker, id);
    },
    { silent: true, invalidates: ["people"], onDone: close },
  );
  const first = speakers[0];
  return (
    <Modal open title={t("people.whoIs")} onCancel={close} footer={null}>
      <Form<Choice>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ speaker: first?.id, person: NEW, name: first?.name ?? "" }}
        onFinish={(values) => save.mutate(values)}
      >
        <ErrorAlert error={save.error} />
        <Form.Item name="speaker" label={t("people.speaker")}>
          <Select
            options={speakers.map(({ id, label }) => ({ value: id, label }))}
            onChange={(id: string) => form.setFieldValue("name", speakers.find((one) => one.id === id)?.name ?? "")}
          />
        </Form.Item>
        <Form.Item name="person" label={t("people.person")}>
          <Select
            showSearch={{ optionFilterProp: "label" }}
            options={[
              { value: NEW, label: t("people.new") },
              ...known.map((one) => ({ value: one.id, label: one.name })),
            ]}
          />
        </Form.Item>
        {person === NEW && (
          <>
            <Form.Item
              name="name"
              label={t("people.name")}
              rules={[{ required: true, whitespace: true, message: t("people.nameMissing") }]}
            >
              <Input maxLength={64} />
            </Form.Item>
            <Form.Item name="consents" valuePropName="checked" extra={t("people.consentAbout")}>
              <Checkbox>{t("people.consents")}</Checkbox>
            </Form.Item>
            <Form.Item name="how" label={t("people.how")}>
              <Input maxLength={200} />
            </Form.Item>
          </>
        )}
        <Button type="primary" htmlType="submit" loading={save.isPending}>
          {t("people.save")}
        </Button>
      </Form>
    </Modal>
  );
}
