// A page of several sections, each with its own address. The navigation is beside it, or above it on a phone.
import { type ReactNode, Suspense } from "react";
import { NavLink, Route, Routes, useLocation } from "react-router";
import { Loading, NotFound } from "./Feedback";
import { usePageTitle } from "./pageTitle";
import "./sections.css";

export interface Section {
  readonly path: string;
  readonly label: string;
  readonly icon: ReactNode;
  readonly page: ReactNode;
}

export function Sections({
  base,
  title,
  sections,
  children,
}: {
  base: string;
  title: string;
  sections: readonly Section[];
  children?: ReactNode;
}) {
  const place = useLocation().pathname.slice(base.length + 1);
  const current = sections.find(({ path }) => path === place)?.label;
  usePageTitle(current ? `${current} · ${title}` : title);
  return (
    <section className="page sections">
      <header className="page-head">
        <h1>{title}</h1>
      </header>
      {children}
      <nav aria-label={title}>
        {sections.map(({ path, label, icon }) => (
          <NavLink key={path} to={path ? `${base}/${path}` : base} end={path === ""}>
            {icon} <span>{label}</span>
          </NavLink>
        ))}
      </nav>
      <div className="section">
        <Suspense fallback={<Loading />}>
          <Routes>
            {sections.map(({ path, page }) => (
              <Route key={path} path={path} element={page} />
            ))}
            <Route path="*" element={<NotFound />} />
          </Routes>
        </Suspense>
      </div>
    </section>
  );
}
