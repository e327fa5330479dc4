"""A real Thunderbird, headless, with the extension in a profile of its own, reading mail of a loopback IMAP server."""

from __future__ import annotations

import base64
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.browser.marionette import Marionette, MarionetteError, write_preferences
from tests.servers.common import Account

COMMAND = "thunderbird"
EXTENSION = "thunderbird@unpixel.example"
SHOWN_WITHIN = 60.0
"""Seconds after which a message will not be shown any more."""
_STARTS = 4
"""How often it is started: about one start in twelve ends in a crash of its own."""
_IDENTITY = "ada@reader.example"

_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "MOZ_HEADLESS_WIDTH": "1200",
    "MOZ_HEADLESS_HEIGHT": "800",
    "MOZ_CRASHREPORTER_DISABLE": "1",
    "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1",
    "DBUS_SESSION_BUS_ADDRESS": "disabled:",
}


def _preferences(account: Account) -> dict[str, bool | int | str]:
    server = "mail.server.server1"
    return {
        "mail.accountmanager.accounts": "account1",
        "mail.accountmanager.defaultaccount": "account1",
        "mail.account.account1.server": "server1",
        "mail.account.account1.identities": "id1",
        "mail.identity.id1.useremail": _IDENTITY,
        "mail.identity.id1.valid": True,
        f"{server}.type": "imap",
        f"{server}.hostname": account.host,
        f"{server}.port": account.port,
        f"{server}.userName": account.user,
        f"{server}.name": "Loopback",
        f"{server}.socketType": 0,
        f"{server}.authMethod": 3,
        # A question for the password would keep the session from beginning.
        f"{server}.login_at_startup": False,
        f"{server}.check_new_mail": False,
        "mailnews.message_display.disable_remote_image": False,
        "mail.spotlight.firstRunDone": True,
        "mailnews.start_page.enabled": False,
        "mail.provider.suppress_dialog_on_startup": True,
        "mailnews.database.global.indexer.enabled": False,
        "xpinstall.signatures.required": False,
        "extensions.autoDisableScopes": 0,
        "extensions.startupScanScopes": 15,
        "extensions.getAddons.cache.enabled": False,
        "intl.accept_languages": "en",
        "marionette.port": 0,
        # What is not blocked goes to the sink, by the person's own proxy.
        "network.proxy.type": 1,
        "network.proxy.http": "127.0.0.1",
        "network.proxy.ssl": "127.0.0.1",
        "network.proxy.allow_hijacking_localhost": True,
        "network.proxy.no_proxies_on": "127.0.0.1",
        "browser.cache.disk.enable": False,
        "browser.cache.memory.enable": False,
        "image.cache.size": 0,
        "app.update.disabledForTesting": True,
        "browser.safebrowsing.downloads.enabled": False,
        "datareporting.healthreport.uploadEnabled": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "network.dns.disablePrefetch": False,
        "network.trr.mode": 5,
        "security.OCSP.enabled": 0,
        "services.settings.server": "http://nobody.localhost:1/v1",
        "toolkit.telemetry.enabled": False,
    }


_SIGN_IN = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const server = MailServices.accounts.accounts[0].incomingServer;
const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
const place = `imap://${server.hostName}`;
login.init(place, null, place, given[0], given[1], "", "");
await Services.logins.addLoginAsync(login);
server.password = given[1];
"""
_FIND = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const win = Services.wm.getMostRecentWindow("mail:3pane");
const sleep = (time) => new Promise((go) => win.setTimeout(go, time));
const tabs = win.document.getElementById("tabmail");
// The extension's first page may have come to the front.
while (!tabs.currentAbout3Pane) {
  tabs.switchToTab(0);
  await sleep(50);
}
const pane = tabs.currentAbout3Pane;
"""
_SHOW = (
    _FIND
    + """
const [row, rows] = given;
const server = MailServices.accounts.accounts[0].incomingServer;
while (pane.gDBView?.rowCount !== rows) {
  server.getNewMessages(server.rootFolder, null, null);
  const inbox = server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
  if (inbox && pane.gFolder !== inbox) pane.displayFolder(inbox.URI);
  await sleep(100);
}
pane.threadTree.selectedIndex = row;
const wanted = pane.gDBView.getURIForViewIndex(row);
const shown = () => {
  const inner = pane.messageBrowser.contentWindow;
  return inner.gMessageURI === wanted && inner.getMessagePaneBrowser().contentDocument?.readyState === "complete";
};
while (!shown()) await sleep(20);
"""
)
_IN_MESSAGE = (
    _FIND
    + """
const context = pane.messageBrowser.contentWindow.getMessagePaneBrowser().browsingContext;
const { SpecialPowers } = {};
return context.currentWindowGlobal.isInProcess
  ? new Function("document", given[0])(context.window.document)
  : "another process";
"""
)
_BAR = """
const host = document.getElementById("unpixel-bar");
return host ? host.openOrClosedShadowRoot.querySelector("section").textContent : "";
"""
_ON_PAGE = (
    _FIND
    + """
const { policy } = WebExtensionPolicy.getByID(given[0]).extension;
const url = policy.getURL(given[1]);
tabs.openTab("contentTab", {
  url,
  linkHandler: "single-page",
  initialBrowsingContextGroupId: policy.browsingContextGroupId,
  principal: policy.extension.principal,
  duplicate: true,
});
while (tabs.selectedBrowser?.currentURI?.spec !== url) await sleep(50);
const browser = tabs.selectedBrowser.messageManager;
const answer = new Promise((go) => browser.addMessageListener("unpixel:said", ({ data }) => go(data)));
const script = `(async (document) => { ${given[2]} })(content.document).then(
  (value) => sendAsyncMessage("unpixel:said", { value }), (error) => sendAsyncMessage("unpixel:said", { error: String(error) }))`;
browser.loadFrameScript(`data:,${encodeURIComponent(script)}`, false);
const { value, error } = await answer;
tabs.closeTab(tabs.currentTabInfo);
while (!tabs.currentAbout3Pane) await sleep(50);
if (error) throw new Error(error);
return value;
"""
)


class Thunderbird:
    """Used as a context manager, from one thread. `proxy` is the port of what stands for the whole world."""

    def __init__(self, account: Account, proxy: int, extension: Path | None = None) -> None:
        self._account = account
        self._proxy = proxy
        self._extension = extension
        self.crashes = 0
        """Starts that ended in a crash, and were repeated."""

    def __enter__(self) -> Thunderbird:
        while True:
            try:
                return self._started()
            except (MarionetteError, OSError):
                self.crashes += 1
                if self.crashes == _STARTS:
                    raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._program.end()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _started(self) -> Thunderbird:
        self._profile = Path(tempfile.mkdtemp(prefix="thunderbird-"))
        preferences = _preferences(self._account)
        preferences |= {"network.proxy.http_port": self._proxy, "network.proxy.ssl_port": self._proxy}
        write_preferences(self._profile, preferences)
        if self._extension is not None:
            (self._profile / "extensions").mkdir()
            shutil.copyfile(self._extension, self._profile / "extensions" / f"{EXTENSION}.xpi")
        self._program = Marionette([COMMAND, "--remote-allow-system-access"], self._profile, _ENVIRONMENT)
        try:
            self._program.command("WebDriver:NewSession", {"acceptInsecureCerts": True})
            self._program.command("WebDriver:SetTimeouts", {"script": int(SHOWN_WITHIN * 1000)})
            self._chrome(_SIGN_IN, self._account.user, self._account.password)
        except BaseException:
            self._program.end()
            shutil.rmtree(self._profile, ignore_errors=True)
            raise
        return self

    def show(self, row: int, rows: int) -> None:
        """Show one message of the inbox, which holds so many, the newest first."""
        self._chrome(_SHOW, row, rows)

    def text(self) -> str:
        """The text of the message that is shown."""
        return str(self._in_message("return document.body.textContent"))

    def bar(self) -> str:
        """The text of the extension's bar; empty where there is none."""
        return str(self._in_message(_BAR))

    def picture(self) -> bytes:
        """The window as PNG."""
        self._program.command("Marionette:SetContext", {"value": "chrome"})
        shot = self._program.command("WebDriver:TakeScreenshot", {"full": True})
        return base64.b64decode(str(shot["value"]))

    def on_page(self, name: str, script: str) -> Any:
        """Open a page of the extension; what a script on its `document` returns. The page is closed again."""
        return self._chrome(_ON_PAGE, EXTENSION, name, script)

    def _in_message(self, script: str) -> Any:
        return self._chrome(_IN_MESSAGE, script)

    def _chrome(self, script: str, *values: Any) -> Any:
        """What an asynchronous script in the program's own right gives. Raises MarionetteError with what it threw."""
        self._program.command("Marionette:SetContext", {"value": "chrome"})
        whole = (
            "const done = arguments[arguments.length - 1]; const given = [...arguments].slice(0, -1);"
            f"(async () => {{ {script} }})().then((value) => done({{value}}), (error) => done({{error: `${{error}} ${{error.stack}}`}}));"
        )
        answer = self._program.command(
            "WebDriver:ExecuteAsyncScript", {"script": whole, "args": list(values), "sandbox": "system"}
        )["value"]
        if "error" in answer:
            raise MarionetteError(str(answer["error"]))
        return answer.get("value")
