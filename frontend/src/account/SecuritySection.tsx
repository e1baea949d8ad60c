// How one gets in: the password, the second factor, Google.
import { PasswordCard } from "./PasswordCard";
import { GoogleCard } from "./GoogleCard";
import { TwoFactorCard } from "./TwoFactorCard";

export function SecuritySection() {
  return (
    <>
      <PasswordCard />
      <TwoFactorCard />
      <GoogleCard />
    </>
  );
}
