// What JupyterLab has no setting for. It loads this file as it is, as a "prebuilt extension": there is nothing to build.
(() => {
  const ROOM = 760;     // a window narrower than this, in pixels, has no room for anything beside the notebook

  // The table of contents is open when JupyterLab is seen for the first time. From then on it remembers what was left open.
  async function openContents(app, shell, notebook) {
    const layout = await shell.restored;
    if (!layout.fresh || shell.mode === "single-document") return;
    await notebook;     // by then JupyterLab has shown the files, as it does at first
    if (window.innerWidth < ROOM) shell.collapseLeft();
    else await app.commands.execute("toc:show-panel");
  }

  // A kernel that starts says which Python it is, and JupyterLab writes that into the notebook. It is no work of the reader's.
  function stayUnchanged(model) {
    const set = model.setMetadata;
    model.setMetadata = (name, value) => {
      const before = model.dirty;
      set.call(model, name, value);
      if (["language_info", "kernelspec"].includes(name)) model.dirty = before;
    };
  }

  // Run All makes the last cell the active one, and goes there. It shall stay where it was chosen.
  function stayHere(actions) {
    const {runAll} = actions;
    actions.runAll = (notebook, ...others) => {
      const here = notebook.activeCellIndex;
      notebook.scrollToItem = () => Promise.resolve();     // in the place of the class's, while runAll asks for it
      try {
        return runAll(notebook, ...others);
      } finally {
        delete notebook.scrollToItem;
        notebook.activeCellIndex = here;
      }
    };
  }

  // JupyterLab tells a link in a text by its colour alone, which not everybody sees.
  function underlineLinks() {
    const style = document.createElement("style");
    style.textContent = ".jp-RenderedHTMLCommon.jp-RenderedMarkdown :is(p, li, td) a:any-link { text-decoration: underline; }";
    document.head.append(style);
  }

  function plugin({ILabShell}, {INotebookTracker, NotebookActions}) {
    return {
      id: "bert-parts:comfort",
      description: "The table of contents is open, a notebook that was only opened is not changed, Run All stays where one is, " +
        "and links are underlined.",
      autoStart: true,
      requires: [INotebookTracker],
      optional: [ILabShell],
      activate: (app, notebooks, shell) => {
        const opened = new Promise(done => notebooks.widgetAdded.connect((_, panel) => {
          stayUnchanged(panel.context.model);
          panel.context.ready.then(done);
        }));
        stayHere(NotebookActions);
        underlineLinks();
        if (shell) openContents(app, shell, opened);
      },
    };
  }

  // The names by which JupyterLab asks an extension for its plugin, and gives it the modules that all share.
  let modules;
  const shared = async name => {
    const [version] = Object.values(modules[name]);
    return (await version.get())();
  };
  (window._JUPYTERLAB ||= {})["bert-parts"] = {
    init: given => { modules = given; },
    get: async () => {
      const made = plugin(await shared("@jupyterlab/application"), await shared("@jupyterlab/notebook"));
      return () => ({__esModule: true, default: made});
    },
  };
})();
