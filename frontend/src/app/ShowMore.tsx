// The button under a long list that shows the next entries.
import { Button } from "antd";
import { useTranslation } from "react-i18next";

export function ShowMore({ left, onClick }: { left: number; onClick: () => void }) {
  const { t } = useTranslation();
  if (left <= 0) return null;
  return (
    <Button block onClick={onClick}>
      {t("diff.more", { count: left })}
    </Button>
  );
}
