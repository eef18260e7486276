// SPDX-License-Identifier: MIT
import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { Playground } from '../playground/Playground';
import { Header } from './Header';

const Dashboard = lazy(() => import('../dashboard/Dashboard'));

export function App() {
  return (
    <div className="flex h-dvh flex-col">
      <Header />
      <Suspense fallback={<main className="flex-1" aria-busy="true" />}>
        <Switch>
          <Route path="/" component={Playground} />
          <Route path="/s/:id" component={Playground} />
          <Route path="/dashboard" component={Dashboard} />
          <Route>
            <main className="m-auto p-8 text-center">
              <h1 className="text-2xl font-semibold">There is nothing here</h1>
              <a className="text-accent underline" href="/">
                To the playground
              </a>
            </main>
          </Route>
        </Switch>
      </Suspense>
    </div>
  );
}
