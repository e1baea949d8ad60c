// The choice of a time zone: quotas begin and exports are dated by it.
import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { currentUser } from "./queries";
import { browserTimeZone, useTimeZoneChoice } from "./timeZone";

export function TimeZoneSelect() {
  const { t } = useTranslation();
  const me = useQuery(currentUser()).data;
  const choose = useTimeZoneChoice();
  const chosen = me?.time_zone ?? browserTimeZone();
  const zones = new Set([chosen, ...Intl.supportedValuesOf("timeZone")]);
  return (
    <Select
      showSearch
      aria-label={t("account.timeZone")}
      value={chosen}
      loading={choose.isPending}
      options={[...zones].sort().map((value) => ({ value }))}
      onChange={(zone) => choose.mutate(zone)}
    />
  );
}
