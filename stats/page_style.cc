#include "stats/page_style.h"

#include <openssl/evp.h>

namespace evenkeel::stats {

// Status colours come in pairs, text on a tint, each with a contrast of at least 4.5:1 in both schemes.
std::string_view page_style() noexcept {
  return R"css(
:root{color-scheme:light dark;--bg:#f5f6f8;--card:#fff;--ink:#1b2430;--dim:#5b6675;--line:#dfe3e9;--head:#eef1f5;--hover:#f3f7fc;
--accent:#0b5cad;--accent-ink:#fff;--bad:#b3261e;
--up:#0f6b35;--up-bg:#d9f2e1;--warn:#7a4b00;--warn-bg:#ffedc2;--rise:#8a3b00;--rise-bg:#ffe0cc;--down:#a5170f;--down-bg:#fbdcd9;
--maint:#6a3d92;--maint-bg:#eddff8;--drain:#0b4f96;--drain-bg:#d9e9fb;--idle:#4a5563;--idle-bg:#e6e9ee}
@media(prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1a2028;--ink:#e4e9f0;--dim:#9aa7b6;--line:#2c3541;--head:#212934;--hover:#222b37;
--accent:#6cb2ff;--accent-ink:#0b1622;--bad:#ff8a80;
--up:#7fe0a3;--up-bg:#153824;--warn:#ffd27a;--warn-bg:#43330e;--rise:#ffb488;--rise-bg:#47270f;--down:#ff9d95;--down-bg:#4a1c19;
--maint:#d7b4f5;--maint-bg:#3a2550;--drain:#9ccbff;--drain-bg:#17324f;--idle:#b4bfcc;--idle-bg:#2a323d}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
a{color:var(--accent)}
a:focus-visible,button:focus-visible,select:focus-visible,input:focus-visible,.scroll:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
header,main,footer{max-width:1900px;margin:0 auto;padding:0 16px}
header{padding-top:18px}
h1{margin:0;font-size:22px;font-weight:650;letter-spacing:-.01em}
h1 small{font-size:14px;font-weight:400;color:var(--dim);margin-left:6px}
.sub{margin:2px 0 12px;color:var(--dim)}
.facts{display:flex;flex-wrap:wrap;gap:8px;margin:0 0 12px;padding:0;list-style:none}
.facts li{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:6px 12px;min-width:92px}
.facts span{display:block;font-size:11px;color:var(--dim)}
.facts b{font-weight:600;font-variant-numeric:tabular-nums}
.bar{display:flex;flex-wrap:wrap;gap:8px 18px;align-items:center;margin:0 0 12px}
.bar nav{display:flex;flex-wrap:wrap;gap:4px 14px}
.bar form{display:flex;gap:6px;align-items:center;margin:0}
.key{display:flex;flex-wrap:wrap;gap:6px;margin:0 0 4px;padding:0;list-style:none;align-items:center}
.key .pill{font-size:11px}
input,select,button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:3px 8px}
input[type=checkbox]{width:15px;height:15px;margin:0;padding:0;vertical-align:middle;accent-color:var(--accent)}
button{background:var(--accent);border-color:var(--accent);color:var(--accent-ink);font-weight:600;cursor:pointer}
.note{border:1px solid var(--line);border-left:4px solid var(--accent);background:var(--card);border-radius:6px;padding:8px 12px;margin:0 0 12px}
.note.bad{border-left-color:var(--bad);color:var(--ink)}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;margin:14px 0;overflow:hidden}
section>h2{margin:0;padding:9px 12px;font-size:15px;font-weight:650;display:flex;gap:10px;align-items:baseline;flex-wrap:wrap}
section>h2 a{color:inherit;text-decoration:none}
section>h2 a:hover{text-decoration:underline}
section>h2 small{font-weight:400;color:var(--dim);font-size:13px}
.scroll{overflow-x:auto;border-top:1px solid var(--line)}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:12.5px;font-variant-numeric:tabular-nums}
th,td{padding:4px 7px;white-space:nowrap;border-bottom:1px solid var(--line);text-align:left}
tbody tr:last-child>*{border-bottom:0}
thead th{background:var(--head);color:var(--dim);font-weight:600;font-size:11px;border-bottom:1px solid var(--line)}
thead tr:first-child th{text-align:center;border-bottom:0;padding-bottom:0;color:var(--ink)}
thead tr+tr th{text-align:right;font-weight:500}
thead tr+tr th.l{text-align:left}
.g{border-left:1px solid var(--line)}
tbody th{font-weight:600;position:sticky;left:0;background:var(--card);z-index:1;border-right:1px solid var(--line)}
thead tr th.name{position:sticky;left:0;z-index:2;text-align:left;border-right:1px solid var(--line);vertical-align:bottom;padding-bottom:4px}
tbody th small{display:block;font-weight:400;color:var(--dim)}
tbody tr:hover>*{background:var(--hover)}
tr.frontend>*,tr.backend>*{background:var(--head)}
tr.listener th{padding-left:18px;font-weight:400}
tr.server th{padding-left:12px}
td.n{text-align:right}
td.c{text-align:center}
.dim{color:var(--dim)}
.bad{color:var(--bad);font-weight:600}
.tip{text-decoration:underline dotted var(--dim);text-underline-offset:3px;cursor:help}
.pill{display:inline-block;border-radius:999px;padding:0 9px;font-weight:600;background:var(--idle-bg);color:var(--idle)}
.up .pill,.open .pill{background:var(--up-bg);color:var(--up)}
.up-falling .pill,.nolb .pill{background:var(--warn-bg);color:var(--warn)}
.down-rising .pill{background:var(--rise-bg);color:var(--rise)}
.down .pill{background:var(--down-bg);color:var(--down)}
.maint .pill{background:var(--maint-bg);color:var(--maint)}
.drain .pill{background:var(--drain-bg);color:var(--drain)}
tr.down th,tr.down-rising th{box-shadow:inset 3px 0 0 var(--down)}
tr.maint th{box-shadow:inset 3px 0 0 var(--maint)}
tr.drain th{box-shadow:inset 3px 0 0 var(--drain)}
tr.up-falling th,tr.nolb th{box-shadow:inset 3px 0 0 var(--warn)}
.act{display:flex;flex-wrap:wrap;gap:8px;align-items:center;padding:8px 12px;border-top:1px solid var(--line);background:var(--head)}
details{border-top:1px solid var(--line);padding:6px 12px}
summary{cursor:pointer;color:var(--dim)}
details .scroll{border:0;margin-top:6px}
footer{padding:6px 16px 24px;color:var(--dim);font-size:12px}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media(max-width:700px){header,main,footer{padding-left:8px;padding-right:8px}.facts li{min-width:0;flex:1 1 84px}}
@media print{body{background:#fff}.bar,.act{display:none}.scroll{overflow:visible}}
)css";
}

std::string page_style_source() {
  const std::string_view style = page_style();
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_Digest(style.data(), style.size(), digest, &length, EVP_sha256(), nullptr);
  unsigned char base64[64];
  const int n = EVP_EncodeBlock(base64, digest, static_cast<int>(length));
  return "'sha256-" + std::string(reinterpret_cast<const char*>(base64), static_cast<std::size_t>(n)) + "'";
}

}  // namespace evenkeel::stats
