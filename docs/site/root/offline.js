// Once a reader has asked for a model: the pages that they open open without a network, too, as they were the last time.

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, url, cache } = event.request;
  const isAsset = method === "GET" && new URL(url).origin === location.origin && cache !== "no-store";     // models keep themselves
  if (isAsset) event.respondWith(fresh(event.request));
});

async function fresh(request) {
  const cache = await caches.open("bert_parts pages");
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request, { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}
