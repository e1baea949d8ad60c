// A select that searches users by name.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";

interface UserSelectProps {
  label: string;
  value?: string | undefined;
  onChange?: (id: string | undefined) => void;
  /** The id of a user to leave out. */
  except?: string;
}

export function UserSelect({ label, value, onChange, except }: UserSelectProps) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const found = useQuery({
    queryKey: ["users", "named", text],
    queryFn: () => unwrap(api.GET("/api/admin/users", { params: { query: { text, limit: 20 } } })),
    placeholderData: keepPreviousData,
  });
  return (
    <Select
      aria-label={label}
      placeholder={t("console.everybody")}
      allowClear
      showSearch={{ filterOption: false, onSearch: setText }}
      loading={found.isFetching}
      value={value}
      onChange={onChange}
      notFoundContent={t("users.nobody")}
      options={found.data?.accounts
        .filter(({ id }) => id !== except)
        .map(({ id, username }) => ({ value: id, label: username }))}
    />
  );
}
