// The part of each user in what a preview counts.
import { useTranslation } from "react-i18next";
import { useFormats } from "../app/formats";
import type { Cleanup } from "./types";

export function UsageByUser({ users }: { users: Cleanup["kinds"][number]["users"] }) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  if (users.length === 0) return null;
  return (
    <details>
      <summary>{t("cleanup.byUser")}</summary>
      <ul>
        {users.map(({ user_id, username, count, bytes: size }) => (
          <li key={user_id ?? ""}>
            {username ?? t("cleanup.noOwner")}{" "}
            <span className="secondary numbers">{t("cleanup.count", { count, size: bytes(size) })}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
