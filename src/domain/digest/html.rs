//! The HTML part: tables and inline styles, because mail readers know little else.
//!
//! One style element adds the dark colours where a reader honours it; without it the page stays
//! dark on light. No pictures, no links but to records, every text escaped by the template.

use askama::Template;

use super::page::Page;

/// The page as HTML.
pub(super) fn rendered(page: Page) -> String {
    Html { page }
        .render()
        .expect("writing into a string cannot fail, and the template calls nothing that can")
}

/// The template. Every value is escaped, because of `ext`. Widths stand as attributes too: Outlook
/// knows no `max-width`.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{{ page.title }}</title>
<style>
@media (prefers-color-scheme: dark) {
.page { background-color: #0f1419 !important; }
.ink { color: #e6edf3 !important; }
.soft { color: #a3adb8 !important; }
.card { background-color: #1a2129 !important; border-color: #3a434d !important; }
.rule { border-color: #3a434d !important; }
.track { background-color: #3a434d !important; }
.fill { background-color: #6cb6ff !important; }
.failing { background-color: #ff9a8f !important; }
.bad { color: #ff9a8f !important; border-color: #ff9a8f !important; }
.warn { color: #f0b849 !important; border-color: #f0b849 !important; }
.good { color: #6fd48a !important; border-color: #6fd48a !important; }
.link { color: #6cb6ff !important; }
}
</style>
</head>
<body class="page ink" style="margin:0;padding:0;background-color:#ffffff;color:#1b2026;">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color:#ffffff;">
<tr>
<td align="center" style="padding:24px 12px;">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px;font-family:Helvetica,Arial,sans-serif;font-size:15px;line-height:1.5;">
<tr>
<td class="ink" align="left" style="color:#1b2026;overflow-wrap:anywhere;">
<p class="soft" style="margin:0;font-size:13px;color:#57606a;">Syncline {{ page.installation }}</p>
{%- if !page.headline.is_empty() %}
<h1 class="ink" style="margin:2px 0 8px;font-size:24px;line-height:1.25;color:#1b2026;">{{ page.headline }}</h1>
{%- endif %}
{%- for line in page.lines %}
<p class="soft" style="margin:0;font-size:13px;color:#57606a;">{{ line }}</p>
{%- endfor %}
{%- for alert in page.alerts %}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:16px;">
<tr>
<td class="card {{ alert.tone }}" style="padding:12px 16px;background-color:#f6f8fa;border-left:4px solid {{ alert.colour }};">
<h2 class="{{ alert.tone }}" style="margin:0;font-size:16px;line-height:1.35;color:{{ alert.colour }};">{{ alert.title }}</h2>
{%- for paragraph in alert.paragraphs %}
<p class="ink" style="margin:6px 0 0;color:#1b2026;">{{ paragraph }}</p>
{%- endfor %}
</td>
</tr>
</table>
{%- endfor %}
{%- if !page.duties.is_empty() %}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:16px;">
{%- for (who, what) in page.duties %}
<tr>
<td class="ink" style="padding:2px 0;color:#1b2026;">
<strong>{{ who }}:</strong>
{%- for word in what %} <span style="white-space:nowrap;">{{ word }}</span>{% endfor %}</td>
</tr>
{%- endfor %}
</table>
{%- endif %}
{%- if !page.figures.is_empty() %}
<table width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:16px;border-collapse:collapse;">
<caption class="soft" align="left" style="text-align:left;padding:0 0 4px;font-size:13px;color:#57606a;">In figures</caption>
{%- for figure in page.figures %}
<tr>
<th scope="row" class="soft rule" align="left" valign="top" width="92" style="padding:8px 12px 8px 0;border-top:1px solid #d0d7de;font-weight:normal;font-size:13px;line-height:22px;color:#57606a;">{{ figure.label }}</th>
<td class="ink rule" align="left" valign="top" style="padding:8px 0;border-top:1px solid #d0d7de;color:#1b2026;">
<strong>{{ figure.main }}</strong>
{%- if let Some(share) = figure.bar %}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:4px 0;">
<tr>
{%- if *share > 0 %}
<td class="fill" width="{{ share }}%" height="6" style="height:6px;line-height:6px;font-size:1px;background-color:#0b62c4;">&nbsp;</td>
{%- endif %}
{%- if *share < 100 %}
<td class="track" height="6" style="height:6px;line-height:6px;font-size:1px;background-color:#d0d7de;">&nbsp;</td>
{%- endif %}
</tr>
</table>
{%- endif %}
{%- if !figure.more.is_empty() %}
<div class="soft" style="font-size:13px;color:#57606a;">{{ figure.more.join(" · ") }}</div>
{%- endif %}
</td>
</tr>
{%- endfor %}
</table>
{%- endif %}
{%- for section in page.sections %}
{%- if !section.heading.is_empty() %}
<h2 class="{{ section.tone }}" style="margin:24px 0 4px;font-size:16px;line-height:1.35;color:{{ section.colour }};">{{ section.heading }}</h2>
{%- endif %}
{%- for card in section.cards %}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:8px;">
<tr>
<td class="card {{ section.tone }}" style="padding:10px 16px;background-color:#f6f8fa;border-left:4px solid {{ section.colour }};">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr>
<td class="ink" valign="top" style="color:#1b2026;">
<strong>{{ card.number }}</strong>&nbsp; {{ card.sentence }}</td>
<td class="ink" align="right" valign="top" style="padding-left:16px;white-space:nowrap;color:#1b2026;">
<strong>{{ card.size }}</strong>
</td>
</tr>
</table>
{%- if let Some(intro) = card.intro %}
<p class="ink" style="margin:4px 0 0;font-size:14px;color:#1b2026;">{{ intro }}</p>
{%- endif %}
{%- for (label, lines) in card.rows %}
<p class="ink" style="margin:4px 0 0;font-size:14px;color:#1b2026;">
<span class="soft" style="color:#57606a;">{{ label }}:</span>
{%- for line in lines %} {{ line }}{% if !loop.last %}<br>{% endif %}{% endfor %}</p>
{%- endfor %}
{%- for link in card.links %}
<p style="margin:4px 0 0;font-size:13px;">
<a class="link" href="{{ link }}" style="color:#0b62c4;word-break:break-all;">{{ link }}</a>
{%- if loop.last %}{% if let Some(others) = card.others %} <span class="soft" style="color:#57606a;">{{ others }}</span>{% endif %}{% endif %}</p>
{%- endfor %}
{%- if let Some(last) = card.last %}
<p class="soft" style="margin:8px 0 0;font-size:13px;color:#57606a;">{{ last }}</p>
{%- endif %}
</td>
</tr>
</table>
{%- endfor %}
{%- if let Some(more) = section.more %}
<p class="soft" style="margin:6px 0 0;font-size:13px;color:#57606a;">{{ more }}</p>
{%- endif %}
{%- endfor %}
{%- if !page.open.is_empty() %}
<h2 class="ink" style="margin:24px 0 4px;font-size:16px;line-height:1.35;color:#1b2026;">{{ page.open_heading }}</h2>
<table width="100%" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse;font-size:14px;">
<caption class="soft" align="left" style="text-align:left;font-size:13px;color:#57606a;">Causes that are no news, those with most records first</caption>
<tr>
<th scope="col" class="soft" align="left" style="padding:4px 12px 4px 0;white-space:nowrap;font-weight:normal;font-size:13px;color:#57606a;">Cause</th>
<th scope="col" class="soft" align="left" style="padding:4px 12px 4px 0;font-weight:normal;font-size:13px;color:#57606a;">What</th>
<th scope="col" class="soft" align="right" style="padding:4px 12px 4px 0;white-space:nowrap;font-weight:normal;font-size:13px;color:#57606a;">Records</th>
{%- if page.open_ages %}
<th scope="col" class="soft" align="right" style="padding:4px 12px 4px 0;white-space:nowrap;font-weight:normal;font-size:13px;color:#57606a;">Days</th>
<th scope="col" class="soft" align="left" style="padding:4px 0 4px 8px;white-space:nowrap;font-weight:normal;font-size:13px;color:#57606a;">Note</th>
{%- endif %}
</tr>
{%- for row in page.open %}
<tr>
<th scope="row" class="ink rule" align="left" valign="top" style="padding:6px 12px 6px 0;border-top:1px solid #d0d7de;white-space:nowrap;color:#1b2026;">{{ row.number }}</th>
<td class="ink rule" valign="top" style="padding:6px 12px 6px 0;border-top:1px solid #d0d7de;color:#1b2026;">{{ row.sentence }}</td>
<td class="ink rule" align="right" valign="top" style="padding:6px 12px 6px 0;border-top:1px solid #d0d7de;color:#1b2026;">{{ row.records }}</td>
{%- if page.open_ages %}
<td class="ink rule" align="right" valign="top" style="padding:6px 12px 6px 0;border-top:1px solid #d0d7de;color:#1b2026;">{{ row.days }}</td>
<td class="soft rule" valign="top" style="padding:6px 0 6px 8px;border-top:1px solid #d0d7de;color:#57606a;">{{ row.note }}</td>
{%- endif %}
</tr>
{%- endfor %}
</table>
{%- if let Some(more) = page.open_more %}
<p class="soft" style="margin:6px 0 0;font-size:13px;color:#57606a;">{{ more }}</p>
{%- endif %}
{%- endif %}
{%- if !page.weeks.is_empty() %}
<h2 class="ink" style="margin:24px 0 4px;font-size:16px;line-height:1.35;color:#1b2026;">Week by week</h2>
<table width="100%" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse;font-size:14px;">
<caption class="soft" align="left" style="text-align:left;font-size:13px;color:#57606a;">Records failing at the end of each week, and calls to Salesforce in it; the last week goes on</caption>
<tr>
<th scope="col" class="soft" align="left" style="padding:4px 12px 4px 0;white-space:nowrap;font-weight:normal;font-size:13px;color:#57606a;">Week from</th>
<th scope="col" class="soft" align="left" width="40%" style="padding:4px 12px 4px 0;font-weight:normal;font-size:13px;color:#57606a;">Failing</th>
<th scope="col" class="soft" align="left" width="40%" style="padding:4px 0;font-weight:normal;font-size:13px;color:#57606a;">Calls</th>
</tr>
{%- for week in page.weeks %}
<tr>
<th scope="row" class="ink rule" align="left" valign="top" style="padding:6px 12px 6px 0;border-top:1px solid #d0d7de;white-space:nowrap;font-weight:normal;color:#1b2026;">{{ week.from }}</th>
{%- for bar in week.bars %}
<td class="ink rule" valign="top" style="padding:6px 12px 6px 0;border-top:1px solid #d0d7de;color:#1b2026;">{{ bar.figure }}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr>
{%- if bar.share > 0 %}
<td class="{{ bar.tone }}" width="{{ bar.share }}%" height="6" style="height:6px;line-height:6px;font-size:1px;background-color:{{ bar.colour }};">&nbsp;</td>
{%- endif %}
{%- if bar.share < 100 %}
<td class="track" height="6" style="height:6px;line-height:6px;font-size:1px;background-color:#d0d7de;">&nbsp;</td>
{%- endif %}
</tr>
</table>
</td>
{%- endfor %}
</tr>
{%- endfor %}
</table>
{%- endif %}
{%- for (heading, lines) in page.tickets %}
<h2 class="ink" style="margin:24px 0 4px;font-size:16px;line-height:1.35;color:#1b2026;">{{ heading }}</h2>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr>
<td class="card ink" style="padding:10px 16px;background-color:#f6f8fa;border:1px solid #d0d7de;font-family:Consolas,Menlo,monospace;font-size:13px;color:#1b2026;word-break:break-word;">
{%- for line in lines %}{{ line }}{% if !loop.last %}<br>{% endif %}
{% endfor %}</td>
</tr>
</table>
{%- endfor %}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:24px;">
<tr>
<td class="soft rule" style="padding-top:10px;border-top:1px solid #d0d7de;font-size:13px;color:#57606a;">
{%- for line in page.footer %}
<p style="margin:0 0 4px;">{{ line }}</p>
{%- endfor %}
</td>
</tr>
</table>
</td>
</tr>
</table>
</td>
</tr>
</table>
</body>
</html>
"##
)]
struct Html {
    page: Page,
}
