"""The names of every known way in which a message contacts a host, by who named them."""

from __future__ import annotations

_HTTPLEAKS = """
    doctype html-manifest head-profile base-href import-implementation import-implementation-2
    meta-refresh meta-csp-report-uri meta-csp-report-uri-2 meta-name-copyright-reading-view
    meta-name-displaydate-reading-view meta-property-reading-view meta-property-al-web-url
    meta-name-msa-config meta-name-msa-badge meta-name-msa-notification meta-name-msa-logo-1
    meta-name-msa-logo-2 meta-name-msa-logo-3 meta-name-msa-logo-4 meta-name-msa-task
    meta-name-msa-task-icon meta-name-msa-tile-image conditional-comment-1 link-stylesheet link-icon
    link-canonical link-shortcut-icon link-import link-dns-prefetch link-preconnect link-prefetch
    link-preload link-prerender link-modulepreload link-preload-as-fetch link-preload-as-font
    link-preload-as-image link-preload-imagesrcset link-preload-as-style link-preload-as-script
    link-preload-as-track link-search link-alternate link-alternate-atom link-alternate-stylesheet
    link-amphtml link-appendix link-apple-touch-icon-precomposed link-apple-touch-icon
    link-apple-touch-startup-image link-archives link-author link-bookmark link-chapter
    link-chrome-webstore-item link-contents link-copyright link-entry-content link-external link-feedurl
    link-first link-glossary link-help link-index link-last link-manifest link-mask-icon link-next
    link-offline link-P3Pv1 link-pingback link-prev link-publisher link-search-2 link-sidebar link-start
    link-section link-subsection link-subresource link-tag link-up body-background a-ping
    a-attributionsrc area-ping table-background td-background img-src img-dynsrc img-lowsrc svg-via-data
    img-attributionsrc image-src image-href svg-image-href svg-image-xlink-href picture-source-srcset
    picture-img-srcset img-srcset img-longdesc form-action button-formaction input-src isindex-src
    isindex-action isindex-formaction bgsound-src video-src track-src video-source-src audio-src
    audio-source-src video-poster video-poster-2 object-data object-data-x-scriptlet object-movie
    object-codebase embed-src embed-code object-param-dataurl object-param-url portal-src script-src
    script-attributionsrc svg-script-href svg-script-xlink-href javascript-source-map iframe-src
    iframe-srcdoc-img-src frame-src iframe-src-viewsource iframe-javascript-src iframe-javascript-src-2
    menuitem-icon css-source-map css-import-string css-import-url css-after-content css-after-content-2
    css-before-content css-before-content-2 css-list-style css-list-style-image css-background
    css-background-image css-border-image css--moz-border-image-alias css--webkit-border-image-alias
    css-border-image-source css-shape-outside css--webkit-shape-outside-alias css--webkit-mask-image
    css--webkit-mask-box-image css--webkit-mask-box-image-source css-cursor css-font-face-src
    css-font-face-src-eot css-font-face-src-woff css-font-face-src-ttf svg-css-fill svg-css-mask
    svg-css--webkit-mask svg-css-filter svg-css-clip-path css-attr-notation css-variables
    css-attr-fallback css-escape-url-1 css-escape-url-2 inline-css-list-style
    inline-css-list-style-image inline-css-background inline-css-background-image
    inline-css--moz-background-image-alias inline-css--webkit-background-image-alias
    inline-css-border-image-source inline-css-shape-outside inline-css--webkit-shape-outside-alias
    inline-css--webkit-mask-image inline-css--webkit-mask-box-image
    inline-css--webkit-mask-box-image-source inline-css-cursor svg-inline-css-fill svg-inline-css-mask
    svg-inline-css--webkit-mask svg-inline-css-filter svg-inline-css-clip-path
    inline-css-multiple-backgrounds inline-css-behavior inline-css-behavior-2 inline-css-image-function
    inline-css-filter-alpha inline-css-filter-icm applet-codebase applet-archive applet-object svg-fill
    svg-mask svg-image-set svg-image-animate svg-feimage svg-a-text svg-cursor svg-font-face-uri
    xslt-stylesheet xml-src script-doctype xml-doctype vml-line-fill-src vml-line-stroke-src
    vml-line-imgdata-src vmlframe-src vml-line-imgdata-href mathml-math mathml-mi
"""
"""Cure53's HTTPLeaks."""

_TESTER = """
    applet atom audio background background_image bgsound css css_attachment css_behavior css_content
    css_import disposition_notification dns_anchor dns_link link_prefetch flash font_face iframe
    iframe_refresh iframe_img img img_srcset image_submit js script_in_script svg_background_img
    svg_inline_image manifest meta_refresh object_data opensearch return_receipt rss video video_poster
    video_mp4 video_webm video_ogg view_source
"""
"""Mike Cardwell's Email Privacy Tester."""

_SANITISER = """
    image-set cross-fade nested-var attr-in-url animate-values animate-by animate-from animate-to
    unclosed-url entity-split-url css-escape-url url-lpar cid-stylesheet cid-svg nested-script
    media-print image-element noscript abrupt-comment-1 abrupt-comment-2 cdata duplicate-attributes
    url-whitespace url-control protocol-relative backslash-host amp text-calendar message-rfc822 utf-7
    utf-16 iso-2022-jp missing-final-boundary
"""
"""Seen in the tests of other programs' sanitisers."""

_HEADER = """
    disposition-notification-to return-receipt-to x-confirm-reading-to read-receipt-to
    generate-delivery-report x-pmrqc original-recipient face-url x-image-url bimi-location
"""
"""Header fields that ask for a receipt, or name a picture of the sender."""

_MORE = """
    meta-refresh-bare meta-refresh-comma data-stylesheet data-import data-object data-svg-image
    cid-svg-image srcdoc-style srcdoc-nested cid-iframe base-after base-twice base-dot-segments
    content-location content-base downlevel-revealed mso-style mso-vml svg-style svg-style-cdata svg-use
    svg-gradient-href svg-attributes svg-set-style svg-both-hrefs svg-foreign-object css-comment
    css-html-comment css-at-rules css-keyframes css-nesting css-import-late css-import-escaped
    css-import-comment css-string-newline css-bad-url css-property inline-css-escape-entity style-media
    style-in-body style-type lazy-image picture-media srcset-data hidden-elements inert-elements
    template-shadow plaintext unclosed-tag cut-tag slash-attributes upper-case numeric-host userinfo
    international-host html-attachment octet-stream-html xhtml-part svg-attachment plain-text
    rfc822-base64 external-body link-header click-attributes media-preload-none audio-autoplay
    cell-backgrounds link-compression-dictionary body-link speculation-rules img-hints
    svg-animate-feimage svg-animate-link object-pdf popover base-fragment css-carried-string
    css-function-string noscript-attribute look-ahead data-utf-16 data-sheet-of-any-type xml-prefix
    xml-entity xml-default xml-cdata xml-self-closed file-host archive-scheme
"""
"""Met in mail, or in the specifications of HTML, CSS, SVG and MIME."""

NAMES: dict[str, tuple[str, ...]] = {
    "httpleaks": tuple(_HTTPLEAKS.split()),
    "tester": tuple(_TESTER.split()),
    "sanitiser": tuple(_SANITISER.split()),
    "header": tuple(_HEADER.split()),
    "more": tuple(_MORE.split()),
}
"""Names by source; the message of a name is `fixtures/vectors/<source>-<name>.eml`."""
