import { createBrowserRouter, Navigate } from 'react-router';
import { Broken, Loading } from './load-fallback';
import { NotFound } from './routes/not-found';
import { RequireSignIn } from './require-sign-in';
import { SessionsLayout } from './routes/sessions';
import { SignIn } from './routes/sign-in';
import { Shell } from './app-shell';

/** Only in development and in the tests' own build: the condition is known to the bundler, which leaves the rest out. */
const gallery =
  import.meta.env.DEV || import.meta.env.VITE_GALLERY === '1'
    ? [
        {
          path: '/dev/gallery',
          lazy: async () => ({ Component: (await import('@/gallery/gallery')).Gallery }),
        },
      ]
    : [];

/** Screens one does not see first come as chunks of their own. */
export const router = createBrowserRouter([
  {
    ErrorBoundary: Broken,
    HydrateFallback: Loading,
    children: [
      { path: '/sign-in', Component: SignIn },
      ...gallery,
      {
        Component: RequireSignIn,
        children: [
          {
            Component: Shell,
            children: [
              { index: true, element: <Navigate to="/sessions" replace /> },
              {
                Component: SessionsLayout,
                children: [
                  {
                    path: '/sessions',
                    lazy: async () => ({ Component: (await import('./routes/new-session')).BesideList }),
                  },
                  {
                    path: '/s/new',
                    lazy: async () => ({ Component: (await import('./routes/new-session')).NewSession }),
                  },
                  {
                    path: '/s/:id',
                    lazy: async () => ({ Component: (await import('./routes/session')).SessionRoute }),
                  },
                ],
              },
              {
                path: '/r/:id',
                lazy: async () => ({ Component: (await import('./routes/request')).RequestRoute }),
              },
              {
                path: '/settings/channels',
                lazy: async () => ({ Component: (await import('./routes/channels')).ChannelsRoute }),
              },
              { path: '*', Component: NotFound },
            ],
          },
        ],
      },
    ],
  },
]);
