"""Chromium by its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/): enough
to open a page, look at it, and hear what it complains of.
"""

import asyncio
import base64
import json
import re
import shutil

import aiohttp

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)


class Browser:
    """One tab. `complaints`: what stood in the console as an error or a warning; `asked`: the
    address of every request it made.
    """

    def __init__(self, folder):
        self._folder = folder
        self._number = 0
        self._answers = {}
        self.complaints = []
        self.asked = []

    async def start(self):
        self._process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *FLAGS,
            f"--user-data-dir={self._folder}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        port = None
        while port is None:
            line = (await asyncio.wait_for(self._process.stderr.readline(), 30)).decode(
                errors="replace"
            )
            assert line, "Chromium did not start"
            found = re.search(r"ws://127\.0\.0\.1:(\d+)/", line)
            port = int(found[1]) if found else None
        self._drain = asyncio.ensure_future(self._process.stderr.read())
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://127.0.0.1:{port}/json/list") as response:
            tab = next(
                one for one in await response.json(content_type=None) if one["type"] == "page"
            )
        self._socket = await self._session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0)
        self._listening = asyncio.ensure_future(self._listen())
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.call(f"{domain}.enable")
        return self

    async def stop(self):
        self._process.kill()
        await self._process.wait()
        self._listening.cancel()
        await asyncio.gather(self._listening, self._drain, return_exceptions=True)
        await self._socket.close()
        await self._session.close()

    async def _listen(self):
        async for message in self._socket:
            value = json.loads(message.data)
            if "id" in value:
                self._answers[value["id"]].set_result(value)
                continue
            method, params = value["method"], value["params"]
            if method == "Runtime.exceptionThrown":
                self.complaints.append(
                    params["exceptionDetails"].get("exception", {}).get("description")
                    or params["exceptionDetails"]["text"]
                )
            elif method == "Runtime.consoleAPICalled" and params["type"] in (
                "error",
                "warning",
                "assert",
            ):
                self.complaints.append(str(params["args"]))
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                self.complaints.append(params["entry"]["text"])
            elif method == "Network.requestWillBeSent":
                self.asked.append(params["request"]["url"])

    async def call(self, method, **params):
        self._number += 1
        future = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(
            json.dumps({"id": self._number, "method": method, "params": params})
        )
        answer = await asyncio.wait_for(future, 20)
        assert "error" not in answer, answer
        return answer["result"]

    async def size(self, width, height, *, is_phone=False):
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if is_phone else 1,
            mobile=is_phone,
        )

    async def language(self, name):
        """What `navigator.language` says from the next page on."""
        agent = await self.value("navigator.userAgent")
        await self.call("Network.setUserAgentOverride", userAgent=agent, acceptLanguage=name)

    async def scheme(self, name):
        await self.call(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}]
        )

    async def before_each_page(self, script):
        """Runs before anything of the page does."""
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=script)

    async def open(self, url):
        await self.call("Page.navigate", url=url)
        await self.until(
            f"location.href.startsWith({json.dumps(url)}) && document.readyState === 'complete'"
        )

    async def value(self, expression):
        """What a JavaScript expression gives."""
        result = await self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, expression, seconds=15):
        """Wait until a JavaScript expression is true."""
        for _ in range(int(seconds * 20)):
            if await self.value(expression):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(
            f"never true: {expression}; the page says "
            f"{await self.value('document.body.innerText')!r}; {self.complaints}"
        )

    async def picture(self, path, height=None):
        """Of the whole page, or of the first `height` pixels of it."""
        size = (await self.call("Page.getLayoutMetrics"))["cssContentSize"]
        tall = size["height"] if height is None else height
        clip = {"x": 0, "y": 0, "width": size["width"], "height": tall, "scale": 1}
        taken = await self.call(
            "Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True
        )
        path.write_bytes(base64.b64decode(taken["data"]))

    async def faint_texts(self):
        """Texts whose contrast with what is behind them is less than people need (WCAG 2.2 AA: 4.5,
        3 for large ones; https://www.w3.org/TR/WCAG22/#contrast-minimum), each once.
        """
        return await self.value(FAINT_TEXTS)


FAINT_TEXTS = """
(() => {
  const parts = (color) => (color.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = (color) => {
    const [r, g, b] = color.slice(0, 3).map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const color = parts(getComputedStyle(one).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  for (const node of document.querySelectorAll("body *")) {
    const hasText = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!hasText || !node.offsetParent || node.disabled || node.tagName === "OPTION") continue;
    const style = getComputedStyle(node), back = light(behind(node));
    const front = light(parts(style.color)), size = parseFloat(style.fontSize);
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) {
      const name = `${node.tagName}.${node.className}`;
      found.add(`${ratio.toFixed(2)} ${name}: ${node.textContent.slice(0, 40)}`);
    }
  }
  return [...found];
})()
"""
